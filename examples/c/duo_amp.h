/* DuoAmp, a network made by kiln. Every function gives 0, or a code below; then it has written nothing. */
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
/* Numbers of `dry`, [64, 1]. */
#define DUO_AMP_OUTPUT_0 64
/* Numbers of `*`, [64, 2]. */
#define DUO_AMP_OUTPUT_1 128

#define DUO_AMP_PARAMETERS_BYTES 3968
#define DUO_AMP_WORKSPACE_BYTES 21056
#define DUO_AMP_STATE_BYTES 640

/* Weights, in memory of the caller's. */
typedef struct { DUO_AMP_ALIGNED unsigned char bytes[DUO_AMP_PARAMETERS_BYTES]; } duo_amp_parameters;

/* Whether the library has the sizes of this header. */
int32_t duo_amp_check(size_t parameters, size_t workspace, size_t state);
#define DUO_AMP_CHECK() \
    duo_amp_check(DUO_AMP_PARAMETERS_BYTES, DUO_AMP_WORKSPACE_BYTES, DUO_AMP_STATE_BYTES)

/* Draws fresh weights: a seed gives the same ones on every machine. */
int32_t duo_amp_init(duo_amp_parameters *parameters, uint64_t seed);

/* What forward works in; anything may be in it. */
typedef struct { DUO_AMP_ALIGNED unsigned char bytes[DUO_AMP_WORKSPACE_BYTES]; } duo_amp_workspace;

/* Answers one sample. `parameters` is what init has drawn. */
int32_t duo_amp_forward(const duo_amp_parameters *parameters, const float *input_audio, const float *input_knob, float *output_0, float *output_1, duo_amp_workspace *workspace);

/* Numbers of `audio`, [1]. */
#define DUO_AMP_FRAME_AUDIO 1
/* Numbers of `knob`, [2]. */
#define DUO_AMP_FRAME_KNOB 2
/* Numbers of `dry`, [1]. */
#define DUO_AMP_ANSWER_0 1
/* Numbers of `*`, [2]. */
#define DUO_AMP_ANSWER_1 2

/* What a stream keeps from step to step. */
typedef struct { DUO_AMP_ALIGNED unsigned char bytes[DUO_AMP_STATE_BYTES]; } duo_amp_state;

/* Begins a stream, whatever is in its memory. */
int32_t duo_amp_reset(duo_amp_state *state);

/* Answers the next step of a stream. `parameters` is what init has drawn. */
int32_t duo_amp_step(const duo_amp_parameters *parameters, duo_amp_state *state, const float *frame_audio, const float *frame_knob, float *answer_0, float *answer_1);

#ifdef __cplusplus
}
#endif

#endif /* DUO_AMP_H */
