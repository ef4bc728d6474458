/* Calls networks that kiln has compiled: cc main.c libkiln_c.a -lm -lpthread -ldl */
#include "digits.h"
#include "duo_amp.h"
#include "mood.h"
#include "next_word.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A seven. */
static const float SEVEN[DIGITS_INPUT] = {
    0, 0, .5f, 1, 1, 1, .6f, 0, 0, 0, .6f, .7f, .5f, 1, .5f, 0, 0, 0, 0, 0, .4f, 1, .1f, 0, 0, 0, 0, .3f, .9f, .9f, .3f, 0,
    0, 0, .4f, 1, 1, 1, .6f, 0, 0, 0, .2f, .8f, .8f, .1f, 0, 0, 0, 0, .4f, 1, .2f, 0, 0, 0, 0, 0, .6f, .8f, 0, 0, 0, 0,
};

static int failures = 0;

static void expect(const char *what, int32_t found, int32_t expected) {
    if (found != expected) {
        printf("%s gave %d, not %d\n", what, (int)found, (int)expected);
        failures++;
    }
}

/* Indices that are out of range are a code. */
static void tokens(void) {
    static mood_parameters moods;
    static next_word_parameters scores;
    static next_word_state state;
    uint32_t words[MOOD_INPUT_WORDS] = {3, 1, 4, 1, 5, 19}, count = 4;
    float mood[MOOD_OUTPUT] = {7, 7}, score[NEXT_WORD_ANSWER] = {7};

    expect("the sizes of mood.h", MOOD_CHECK(), MOOD_OK);
    expect("the sizes of next_word.h", NEXT_WORD_CHECK(), NEXT_WORD_OK);
    expect("mood_init", mood_init(&moods, 5), MOOD_OK);
    count = 0;
    expect("no words", mood_forward(&moods, words, &count, mood), MOOD_INDEX);
    count = 7;
    expect("too many words", mood_forward(&moods, words, &count, mood), MOOD_INDEX);
    count = 4;
    words[5] = 20;
    expect("an unknown word", mood_forward(&moods, words, &count, mood), MOOD_INDEX);
    expect("something was written", mood[0] == 7 && mood[1] == 7, 1);
    words[5] = 19;
    expect("mood_forward", mood_forward(&moods, words, &count, mood), MOOD_OK);
    expect("nothing was written", mood[0] == 7, 0);

    expect("next_word_init", next_word_init(&scores, 5), NEXT_WORD_OK);
    expect("next_word_reset", next_word_reset(&state), NEXT_WORD_OK);
    words[0] = 20;
    expect("an unknown word", next_word_step(&scores, &state, &words[0], score), NEXT_WORD_INDEX);
    expect("something was written", score[0] == 7, 1);
    words[0] = 19;
    expect("next_word_step", next_word_step(&scores, &state, &words[0], score), NEXT_WORD_OK);
}

/* The weights of the library in memory of the heap. */
static void copied(const float *scores) {
    digits_parameters *own = aligned_alloc(64, digits_parameters_bytes());
    float again[DIGITS_OUTPUT];

    expect("bytes of parameters", digits_parameters_bytes() == sizeof *own, 1);
    expect("bytes of a state", duo_amp_state_bytes() == sizeof(duo_amp_state), 1);
    expect("bytes of a workspace", duo_amp_workspace_bytes() == sizeof(duo_amp_workspace), 1);
    expect("digits_pretrained", digits_pretrained(own), DIGITS_OK);
    expect("digits_forward", digits_forward(own, SEVEN, again), DIGITS_OK);
    expect("another answer", memcmp(scores, again, sizeof again), 0);
    expect("no memory", digits_pretrained(NULL), DIGITS_NULL);
    free(own);
}

int main(void) {
    static digits_parameters fresh;
    static duo_amp_parameters amp;
    static duo_amp_workspace workspace;
    duo_amp_state state;
    float scores[DIGITS_OUTPUT], drawn[DIGITS_OUTPUT];
    float audio[DUO_AMP_INPUT_AUDIO], dry[DUO_AMP_OUTPUT_1], wet[DUO_AMP_OUTPUT_2];
    const float knob[DUO_AMP_INPUT_KNOB] = {0.5f, -2.0f};
    int best = 0, i;

    expect("the sizes of digits.h", DIGITS_CHECK(), DIGITS_OK);
    expect("the sizes of duo_amp.h", DUO_AMP_CHECK(), DUO_AMP_OK);
    expect("sizes of another version", digits_check(1), DIGITS_SIZE);

    /* The weights of the library. */
    expect("digits_forward", digits_forward(NULL, SEVEN, scores), DIGITS_OK);
    for (i = 1; i < DIGITS_OUTPUT; i++)
        if (scores[i] > scores[best])
            best = i;
    printf("the image shows a %d\n", best);

    /* Weights of the program's own. */
    expect("digits_init", digits_init(&fresh, 1), DIGITS_OK);
    expect("digits_forward", digits_forward(&fresh, SEVEN, drawn), DIGITS_OK);
    expect("other weights, the same answer", memcmp(scores, drawn, sizeof scores) == 0, 0);

    /* What is not there is a code, and nothing is written. */
    memcpy(drawn, scores, sizeof scores);
    expect("no input", digits_forward(NULL, NULL, drawn), DIGITS_NULL);
    expect("no output", digits_forward(NULL, SEVEN, NULL), DIGITS_NULL);
    expect("no parameters", digits_init(NULL, 1), DIGITS_NULL);
    expect("no weights", duo_amp_forward(NULL, audio, knob, dry, wet, &workspace), DUO_AMP_NULL);
    expect("something was written", memcmp(scores, drawn, sizeof scores), 0);

    /* A stream gives what the whole sequence gives, to the bit. */
    for (i = 0; i < DUO_AMP_INPUT_AUDIO; i++)
        audio[i] = (float)(i % 7) / 7.0f - 0.4f;
    expect("duo_amp_init", duo_amp_init(&amp, 3), DUO_AMP_OK);
    expect("duo_amp_forward", duo_amp_forward(&amp, audio, knob, dry, wet, &workspace), DUO_AMP_OK);
    expect("duo_amp_reset", duo_amp_reset(&state), DUO_AMP_OK);
    for (i = 0; i < DUO_AMP_INPUT_AUDIO; i++) {
        float one[DUO_AMP_ANSWER_1], two[DUO_AMP_ANSWER_2];
        expect("duo_amp_step", duo_amp_step(&amp, &state, &audio[i], knob, one, two), DUO_AMP_OK);
        expect("a step's first answer", memcmp(one, &dry[i], sizeof one), 0);
        expect("a step's second answer", memcmp(two, &wet[2 * i], sizeof two), 0);
    }
    /* A state that was not reset gives wrong answers, and no more harm. */
    memset(&state, 0xff, sizeof state);
    expect("duo_amp_step", duo_amp_step(&amp, &state, audio, knob, dry, wet), DUO_AMP_OK);
    expect("no state", duo_amp_step(&amp, NULL, audio, knob, dry, wet), DUO_AMP_NULL);
    expect("no state to reset", duo_amp_reset(NULL), DUO_AMP_NULL);

    tokens();
    copied(scores);
    printf("%d failures\n", failures);
    return failures != 0;
}
