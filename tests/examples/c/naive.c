/* The formula as it stands in textbooks, which breaks: 1-y is 0 from z = 37 on, and its logarithm -inf.
 *
 *     cc -O2 -shared -fPIC -o libnaive.so naive.c -lm
 *     stablelce audit lib:./libnaive.so:naive_loss
 */
#include <math.h>
#include <stddef.h>

void naive_loss(const double *z, const double *t, double *out, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        double y = 1 / (1 + exp(-z[i]));
        out[i] = -t[i] * log(y) - (1 - t[i]) * log(1 - y);
    }
}
