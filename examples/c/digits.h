/* Digits, a network made by kiln. Every function gives 0, or a code below; then it has written nothing. */
#ifndef DIGITS_H
#define DIGITS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define DIGITS_ALIGNED alignas(64)
extern "C" {
#else
#define DIGITS_ALIGNED _Alignas(64)
#endif

#define DIGITS_OK 0
/* A pointer is null. */
#define DIGITS_NULL 1
/* A size is not that of the library: this header is of another version. */
#define DIGITS_SIZE 2

/* Numbers of `image`, [1, 8, 8]. */
#define DIGITS_INPUT 64
/* Numbers of `logits`, [10]. */
#define DIGITS_OUTPUT 10

#define DIGITS_PARAMETERS_BYTES 41536
#define DIGITS_WORKSPACE_BYTES 576
#define DIGITS_STATE_BYTES 0

/* Weights, in memory of the caller's. */
typedef struct { DIGITS_ALIGNED unsigned char bytes[DIGITS_PARAMETERS_BYTES]; } digits_parameters;

/* Whether the library has the sizes of this header. */
int32_t digits_check(size_t parameters, size_t workspace, size_t state);
#define DIGITS_CHECK() \
    digits_check(DIGITS_PARAMETERS_BYTES, DIGITS_WORKSPACE_BYTES, DIGITS_STATE_BYTES)

/* Draws fresh weights: a seed gives the same ones on every machine. */
int32_t digits_init(digits_parameters *parameters, uint64_t seed);

/* Answers one sample. `parameters` may be null: then the weights answer that the library is compiled with. */
int32_t digits_forward(const digits_parameters *parameters, const float *input, float *output);

#ifdef __cplusplus
}
#endif

#endif /* DIGITS_H */
