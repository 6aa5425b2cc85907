/* Losses that are right but for one misdeed each, for the tests of the process that a library runs in. */
#include <fenv.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef __SSE2__
#include <xmmintrin.h>
#endif

static double loss(double z, double t)
{
    double a = fabs(z), s = z >= 0 ? 1 - t : t;
    return (s == 0 ? 0 : a * s) + log1p(exp(-a));
}

/* DEED runs for each element, with its index i, before the element is written. */
#define MISDEED(name, DEED)                                                                        \
    void name(const double *z, const double *t, double *out, size_t n)                             \
    {                                                                                              \
        for (size_t i = 0; i < n; i++) {                                                           \
            DEED;                                                                                  \
            out[i] = loss(z[i], t[i]);                                                             \
        }                                                                                          \
    }

static volatile int *volatile nowhere;
static void *volatile kept;

MISDEED(right, (void)0)
MISDEED(segfaults, if (z[i] >= 700) *nowhere = 1)
MISDEED(segfaults_in_pairs, if (n > 1 && z[i] >= 700) *nowhere = 1)
MISDEED(segfaults_unaligned, if ((size_t)z % 16) *nowhere = 1)
MISDEED(exits_later, static int calls; if (i == 0 && calls++ > 0) exit(0))
MISDEED(exits, if (z[i] >= 700) exit(0))
MISDEED(hangs, while (z[i] >= 700))
MISDEED(floods, while (z[i] >= 700) { puts("flood"); fflush(stdout); })
MISDEED(prints, if (z[i] == 1) puts("one"))
MISDEED(takes_all_memory, if (z[i] >= 700) for (;;) memset(malloc(1 << 20), 1, 1 << 20))
MISDEED(leaks, if (!malloc(24)) abort())
MISDEED(leaks_arrays, if (i == 0) kept = memset(malloc(8 * n + 8), 1, 8 * n + 8))
MISDEED(rounds_up, if (z[i] >= 10) fesetround(FE_UPWARD))
MISDEED(draws, if (z[i] >= 10) rand())
MISDEED(seeds, if (z[i] >= 10) srand48(1))
MISDEED(rounds_up_late, if (z[i] >= 100) fesetround(FE_UPWARD))
MISDEED(seeds_late, if (z[i] >= 100) srand(1))
MISDEED(writes_before, if (z[i] >= 700) out[-1] = 0)
MISDEED(writes_after, if (z[i] >= 700) out[n] = 0)
MISDEED(writes_to_inputs, ((double *)z)[i] += 0; if (z[i] >= 10) ((double *)t)[i] = 0.5)
MISDEED(skips, if (z[i] >= 700) continue)
#ifdef __SSE2__
MISDEED(flushes, if (z[i] >= 10) _mm_setcsr(_mm_getcsr() | 0x8040))
MISDEED(flushes_late, if (z[i] >= 100) _mm_setcsr(_mm_getcsr() | 0x8040))
#endif

/* Right, under the names that a star stands for. */

void all_loss(const double *z, const double *t, double *out, size_t n)
{
    right(z, t, out, n);
}

void all_loss_and_gradient(const double *z, const double *t, double *value, double *slope, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        value[i] = loss(z[i], t[i]);
        slope[i] = 1 / (1 + exp(-z[i])) - t[i];
    }
}

void all_sigmoid(const double *z, double *out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = 1 / (1 + exp(-z[i]));
}

void all_sigmoidf(const float *z, float *out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (float)(1 / (1 + exp(-(double)z[i])));
}

__attribute__((constructor)) static void at_start(void)
{
    const char *deed = getenv("FAULTY_AT_START");
    if (deed && !strcmp(deed, "aborts"))
        abort();
    if (deed && !strcmp(deed, "rounds up"))
        fesetround(FE_UPWARD);
    if (deed && !strcmp(deed, "seeds"))
        srand(1);
#ifdef __SSE2__
    if (deed && !strcmp(deed, "flushes"))
        _mm_setcsr(_mm_getcsr() | 0x8040);
#endif
}
