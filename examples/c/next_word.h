/*
 * NextWord, a network made by kiln.
 * - Functions that give an int32_t give 0, or a code below; then they have written nothing.
 * - Memory is the caller's. All types below are aligned to 64 bytes, as variables are by
 *   themselves. On the heap, aligned_alloc(64, sizeof(next_word_parameters)) is, and malloc is
 *   not.
 * - Buffers that a call writes do not overlap with any other of its buffers.
 * - Threads may share parameters that none of them changes.
 * - A state serves one thread at a time. next_word_reset comes before its first step.
 */
#ifndef NEXT_WORD_H
#define NEXT_WORD_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define NEXT_WORD_ALIGNED alignas(64)
extern "C" {
#else
#define NEXT_WORD_ALIGNED _Alignas(64)
#endif

#define NEXT_WORD_OK 0
/* A pointer is null. */
#define NEXT_WORD_NULL 1
/* A size is not that of the library: this header is of another version. */
#define NEXT_WORD_SIZE 2
/* An index in an input is out of its range, which is given below. */
#define NEXT_WORD_INDEX 3

/* Numbers of `words`, [6], each from 0 to 19. */
#define NEXT_WORD_INPUT 6
/* Numbers of the result, [6, 20]. */
#define NEXT_WORD_OUTPUT 120
/* Numbers of `words` in a step, [1], each from 0 to 19. */
#define NEXT_WORD_FRAME 1
/* Numbers of the result in a step, [20]. */
#define NEXT_WORD_ANSWER 20

/* Weights. */
#define NEXT_WORD_PARAMETERS_BYTES 7040
typedef struct {
    NEXT_WORD_ALIGNED unsigned char bytes[NEXT_WORD_PARAMETERS_BYTES];
} next_word_parameters;

/* What a stream keeps from step to step. */
#define NEXT_WORD_STATE_BYTES 576
typedef struct {
    NEXT_WORD_ALIGNED unsigned char bytes[NEXT_WORD_STATE_BYTES];
} next_word_state;

/* Bytes of next_word_parameters in the library. */
size_t next_word_parameters_bytes(void);

/* Bytes of next_word_state in the library. */
size_t next_word_state_bytes(void);

/* Whether the library has these sizes. */
int32_t next_word_check(size_t parameters, size_t state);
#define NEXT_WORD_CHECK() \
    next_word_check(NEXT_WORD_PARAMETERS_BYTES, NEXT_WORD_STATE_BYTES)

/* Draws fresh weights: a seed gives the same ones on every machine. */
int32_t next_word_init(next_word_parameters *parameters, uint64_t seed);

/* Answers one sample. */
int32_t next_word_forward(
    const next_word_parameters *parameters,
    const uint32_t *input,
    float *output);

/* Begins a stream, whatever is in its memory. */
int32_t next_word_reset(next_word_state *state);

/* Answers the next step of a stream. */
int32_t next_word_step(
    const next_word_parameters *parameters,
    next_word_state *state,
    const uint32_t *frame,
    float *answer);

#ifdef __cplusplus
}
#endif

#endif /* NEXT_WORD_H */
