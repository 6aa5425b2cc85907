/* Loss and gradient of the logistic cross-entropy that stay accurate for every logit and target:
 *
 *     loss(z,t)     = |z| * s + log1p(exp(-|z|))        s = 1-t for z >= 0, t for z < 0
 *     gradient(z,t) = sigmoid(z) - t
 *
 * For z >= 0 the gradient is (1-t) - exp(-z)/(1+exp(-z)), for z < 0 it is exp(z)/(1+exp(z)) - t: where the
 * answer is right (t = 1, t = 0), what is subtracted from is 0, so that nothing cancels.
 *
 *     cc -O2 -shared -fPIC -o libstable.so stable.c -lm
 *     stablelce audit 'lib:./libstable.so:stable_*'
 */
#include <math.h>
#include <stddef.h>

static double loss(double z, double t)
{
    double a = fabs(z), s = z >= 0 ? 1 - t : t;
    double linear = s == 0 ? 0 : a * s; /* infinity times 0 is NaN */
    return linear + log1p(exp(-a));
}

static double gradient(double z, double t)
{
    double e = exp(-fabs(z)), tail = e / (1 + e);
    return z >= 0 ? (1 - t) - tail : tail - t;
}

/* In float the arithmetic above is done in double, and rounded once at the end. */
#define ARRAYS(name, one, type, suffix)                                                            \
    void stable_##name##suffix(const type *z, const type *t, type *out, size_t n)                  \
    {                                                                                              \
        for (size_t i = 0; i < n; i++)                                                             \
            out[i] = (type)one(z[i], t[i]);                                                        \
    }

ARRAYS(loss, loss, double, )
ARRAYS(loss, loss, float, f)
ARRAYS(gradient, gradient, double, )
ARRAYS(gradient, gradient, float, f)
