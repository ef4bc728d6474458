/*
 * Digits, a network made by kiln.
 * - Functions that give an int32_t give 0, or a code below; then they have written nothing.
 * - Memory is the caller's. All types below are aligned to 64 bytes, as variables are by
 *   themselves. On the heap, aligned_alloc(64, sizeof(digits_parameters)) is, and malloc is not.
 * - Buffers that a call writes do not overlap with any other of its buffers.
 * - Threads may share parameters that none of them changes.
 */
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
/* Numbers of the result, [10]. */
#define DIGITS_OUTPUT 10

/* Weights. */
#define DIGITS_PARAMETERS_BYTES 41536
typedef struct {
    DIGITS_ALIGNED unsigned char bytes[DIGITS_PARAMETERS_BYTES];
} digits_parameters;

/* Bytes of digits_parameters in the library. */
size_t digits_parameters_bytes(void);

/* Whether the library has these sizes. */
int32_t digits_check(size_t parameters);
#define DIGITS_CHECK() \
    digits_check(DIGITS_PARAMETERS_BYTES)

/* Draws fresh weights: a seed gives the same ones on every machine. */
int32_t digits_init(digits_parameters *parameters, uint64_t seed);

/* Copies the weights that the library is compiled with. */
int32_t digits_pretrained(digits_parameters *parameters);

/*
 * Answers one sample. Where parameters is null, the weights answer that the library is compiled
 *   with.
 */
int32_t digits_forward(const digits_parameters *parameters, const float *input, float *output);

#ifdef __cplusplus
}
#endif

#endif /* DIGITS_H */
