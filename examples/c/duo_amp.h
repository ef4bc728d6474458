/*
 * DuoAmp, a network made by kiln.
 * - Functions that give an int32_t give 0, or a code below; then they have written nothing.
 * - Memory is the caller's. All types below are aligned to 64 bytes, as variables are by
 *   themselves. On the heap, aligned_alloc(64, sizeof(duo_amp_parameters)) is, and malloc is not.
 * - Buffers that a call writes do not overlap with any other of its buffers.
 * - Threads may share parameters that none of them changes.
 * - A workspace serves one thread at a time.
 * - A state serves one thread at a time. duo_amp_reset comes before its first step.
 */
#ifndef DUO_AMP_H
#define DUO_AMP_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define DUO_AMP_ALIGNED alignas(64)
extern "C" {
#else
#define DUO_AMP_ALIGNED _Alignas(64)
#endif

#define DUO_AMP_OK 0
/* A pointer is null. */
#define DUO_AMP_NULL 1
/* A size is not that of the library: this header is of another version. */
#define DUO_AMP_SIZE 2

/* Numbers of `audio`, [64, 1]. */
#define DUO_AMP_INPUT_AUDIO 64
/* Numbers of `knob`, [2]. */
#define DUO_AMP_INPUT_KNOB 2
/* Numbers of result 1 of 2, [64, 1]. */
#define DUO_AMP_OUTPUT_1 64
/* Numbers of result 2 of 2, [64, 2]. */
#define DUO_AMP_OUTPUT_2 128
/* Numbers of `audio` in a step, [1]. */
#define DUO_AMP_FRAME_AUDIO 1
/* Numbers of `knob` in a step, [2]. */
#define DUO_AMP_FRAME_KNOB 2
/* Numbers of result 1 of 2 in a step, [1]. */
#define DUO_AMP_ANSWER_1 1
/* Numbers of result 2 of 2 in a step, [2]. */
#define DUO_AMP_ANSWER_2 2

/* Weights. */
#define DUO_AMP_PARAMETERS_BYTES 3968
typedef struct {
    DUO_AMP_ALIGNED unsigned char bytes[DUO_AMP_PARAMETERS_BYTES];
} duo_amp_parameters;

/* What forward works in; anything may be in it. */
#define DUO_AMP_WORKSPACE_BYTES 21056
typedef struct {
    DUO_AMP_ALIGNED unsigned char bytes[DUO_AMP_WORKSPACE_BYTES];
} duo_amp_workspace;

/* What a stream keeps from step to step. */
#define DUO_AMP_STATE_BYTES 640
typedef struct {
    DUO_AMP_ALIGNED unsigned char bytes[DUO_AMP_STATE_BYTES];
} duo_amp_state;

/* Bytes of duo_amp_parameters in the library. */
size_t duo_amp_parameters_bytes(void);

/* Bytes of duo_amp_workspace in the library. */
size_t duo_amp_workspace_bytes(void);

/* Bytes of duo_amp_state in the library. */
size_t duo_amp_state_bytes(void);

/* Whether the library has these sizes. */
int32_t duo_amp_check(size_t parameters, size_t workspace, size_t state);
#define DUO_AMP_CHECK() \
    duo_amp_check(DUO_AMP_PARAMETERS_BYTES, DUO_AMP_WORKSPACE_BYTES, DUO_AMP_STATE_BYTES)

/* Draws fresh weights: a seed gives the same ones on every machine. */
int32_t duo_amp_init(duo_amp_parameters *parameters, uint64_t seed);

/* Answers one sample. */
int32_t duo_amp_forward(
    const duo_amp_parameters *parameters,
    const float *input_audio,
    const float *input_knob,
    float *output_1,
    float *output_2,
    duo_amp_workspace *workspace);

/* Begins a stream, whatever is in its memory. */
int32_t duo_amp_reset(duo_amp_state *state);

/* Answers the next step of a stream. */
int32_t duo_amp_step(
    const duo_amp_parameters *parameters,
    duo_amp_state *state,
    const float *frame_audio,
    const float *frame_knob,
    float *answer_1,
    float *answer_2);

#ifdef __cplusplus
}
#endif

#endif /* DUO_AMP_H */
