/* The stable loss as a program that the suite can judge, in binary64 and binary16, by hexadecimal floats:
 *
 *     cc -O2 -o program program.c -lm
 *     stablelce audit cmd:./program
 *
 * C need not have a type for binary16 (_Float16), nor does hexadecimal text ask for one: the loss is computed
 * in double and rounded once.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static double loss(double z, double t)
{
    double a = fabs(z), s = z >= 0 ? 1 - t : t;
    return (s == 0 ? 0 : a * s) + log1p(exp(-a));
}

/* The nearest binary16 number, to even: 11 significant bits, none below 2^-24, infinity from 65520 on. */
static double binary16(double x)
{
    int e;

    if (!isfinite(x))
        return x;
    frexp(x, &e); /* 2^(e-1) <= |x| < 2^e */
    double unit = ldexp(1, e - 11 < -24 ? -24 : e - 11);
    double rounded = nearbyint(x / unit) * unit; /* both exact: unit is a power of two */
    return fabs(rounded) > 65504 ? copysign(INFINITY, x) : rounded;
}

int main(void)
{
    char line[256], format[16];
    size_t points;

    if (!fgets(line, sizeof line, stdin)) /* the version of the suite */
        return 1;
    printf("stablelce 1\noffer loss float64 float16\nencodings hex\nready\n");
    fflush(stdout);
    while (fgets(line, sizeof line, stdin) && sscanf(line, "loss %15s %zu hex", format, &points) == 2) {
        int half = strcmp(format, "float16") == 0;
        printf("results %zu\n", points);
        for (size_t i = 0; i < points && fgets(line, sizeof line, stdin); i++) {
            char *rest;
            double z = strtod(line, &rest), t = strtod(rest, NULL), found = loss(z, t);
            printf("%a\n", half ? binary16(found) : found);
        }
        printf("end\n");
        fflush(stdout);
    }
    return 0;
}
