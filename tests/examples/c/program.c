/* The stable loss as a program that the suite can judge, in binary64, by hexadecimal floats:
 *
 *     cc -O2 -o program program.c -lm
 *     stablelce audit cmd:./program
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static double loss(double z, double t)
{
    double a = fabs(z), s = z >= 0 ? 1 - t : t;
    return (s == 0 ? 0 : a * s) + log1p(exp(-a));
}

int main(void)
{
    char line[256];
    size_t points;

    if (!fgets(line, sizeof line, stdin)) /* the version of the suite */
        return 1;
    printf("stablelce 1\noffer loss float64\nencodings hex\nready\n");
    fflush(stdout);
    while (fgets(line, sizeof line, stdin) && sscanf(line, "loss float64 %zu hex", &points) == 1) {
        printf("results %zu\n", points);
        for (size_t i = 0; i < points && fgets(line, sizeof line, stdin); i++) {
            char *rest;
            double z = strtod(line, &rest), t = strtod(rest, NULL);
            printf("%a\n", loss(z, t));
        }
        printf("end\n");
        fflush(stdout);
    }
    return 0;
}
