/*
 * LSTMModel, a network made by kiln.
 * - Functions that give an int32_t give 0, or a code below; then they have written nothing.
 * - Memory is the caller's. All types below are aligned to 64 bytes, as variables are by
 *   themselves. On the heap, aligned_alloc(64, sizeof(mood_parameters)) is, and malloc is not.
 * - Buffers that a call writes do not overlap with any other of its buffers.
 * - Threads may share parameters that none of them changes.
 */
#ifndef MOOD_H
#define MOOD_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define MOOD_ALIGNED alignas(64)
extern "C" {
#else
#define MOOD_ALIGNED _Alignas(64)
#endif

#define MOOD_OK 0
/* A pointer is null. */
#define MOOD_NULL 1
/* A size is not that of the library: this header is of another version. */
#define MOOD_SIZE 2
/* An index in an input is out of its range, which is given below. */
#define MOOD_INDEX 3

/* Numbers of `words`, [6], each from 0 to 19. */
#define MOOD_INPUT_WORDS 6
/* Numbers of `count`, [1], each from 1 to 6. */
#define MOOD_INPUT_COUNT 1
/* Numbers of the result, [2]. */
#define MOOD_OUTPUT 2

/* Weights. */
#define MOOD_PARAMETERS_BYTES 6464
typedef struct {
    MOOD_ALIGNED unsigned char bytes[MOOD_PARAMETERS_BYTES];
} mood_parameters;

/* Bytes of mood_parameters in the library. */
size_t mood_parameters_bytes(void);

/* Whether the library has these sizes. */
int32_t mood_check(size_t parameters);
#define MOOD_CHECK() \
    mood_check(MOOD_PARAMETERS_BYTES)

/* Draws fresh weights: a seed gives the same ones on every machine. */
int32_t mood_init(mood_parameters *parameters, uint64_t seed);

/* Answers one sample. */
int32_t mood_forward(
    const mood_parameters *parameters,
    const uint32_t *input_words,
    const uint32_t *input_count,
    float *output);

#ifdef __cplusplus
}
#endif

#endif /* MOOD_H */
