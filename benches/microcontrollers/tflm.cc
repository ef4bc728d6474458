// The sine of examples/embedded by TensorFlow Lite Micro on a bare Cortex-M, under QEMU's semihosting: prints the
// instructions of one answer and the bytes of stack and arena, and ends with a status.
#include "model.h"
#include "tensorflow/lite/micro/kernels/micro_ops.h"
#include "tensorflow/lite/micro/micro_error_reporter.h"
#include "tensorflow/lite/micro/micro_interpreter.h"
#include "tensorflow/lite/micro/micro_mutable_op_resolver.h"
#include "tensorflow/lite/schema/schema_generated.h"

extern "C" {
extern uint32_t _stack_top, _stack_low, _data_from, _data_start, _data_end, _bss_start, _bss_end;
extern void (*_init_start[])();
extern void (*_init_end[])();
void reset();
void fault();

__attribute__((section(".vectors"), used)) const void* const vectors[16] = {
    &_stack_top, (void*)reset, (void*)fault, (void*)fault, (void*)fault, (void*)fault, (void*)fault};
void* __dso_handle;
int __aeabi_atexit(void*, void (*)(void*), void*) { return 0; }
void DebugLog(const char*) {}

// newlib asks for an operating system.
void _exit(int) { for (;;) {} }
int _kill(int, int) { return -1; }
int _getpid() { return 1; }
void* _sbrk(ptrdiff_t) { return (void*)-1; }
int _write(int, const char*, int count) { return count; }
int _close(int) { return -1; }
int _fstat(int, void*) { return -1; }
int _isatty(int) { return 0; }
int _lseek(int, int, int) { return 0; }
int _read(int, char*, int) { return 0; }
}

static void semihosting(int call, const void* argument) {
  register int r0 asm("r0") = call;
  register const void* r1 asm("r1") = argument;
  asm volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
}

static void end(bool is_right) {
  semihosting(0x18, (void*)(is_right ? 0x20026 : 0x20023));
  for (;;) {}
}

static void tell(const char* name, uint32_t number) {
  char digits[12], *at = digits + 11;
  *at = 0;
  *--at = '\n';
  do {
    *--at = '0' + number % 10;
    number /= 10;
  } while (number);
  semihosting(4, name);
  semihosting(4, at);
}

static volatile uint32_t* const systick = (uint32_t*)0xE000E010;
alignas(16) static uint8_t arena[4096];
static float output;
static size_t used;

__attribute__((noinline)) static uint32_t run(float x) {
  static tflite::MicroErrorReporter reporter;
  static tflite::MicroMutableOpResolver<9> resolver(&reporter);
  static bool is_first = true;
  if (is_first) 
    resolver.AddBuiltin(tflite::BuiltinOperator_FULLY_CONNECTED, tflite::ops::micro::Register_FULLY_CONNECTED(), 1, 9);
  is_first = false;
  static tflite::MicroInterpreter interpreter(tflite::GetModel(model), resolver, arena, sizeof arena, &reporter);
  static bool is_ready = interpreter.AllocateTensors() == kTfLiteOk;
  if (!is_ready) end(false);
  used = interpreter.arena_used_bytes();
  TfLiteTensor *in = interpreter.input(0), *out = interpreter.output(0);
  systick[2] = 0;
  uint32_t before = systick[2];
  if (in->type == kTfLiteInt8) {
    in->data.int8[0] = (int8_t)(int)(x / in->params.scale + in->params.zero_point + 0.5f);
    interpreter.Invoke();
    output = (out->data.int8[0] - out->params.zero_point) * out->params.scale;
  } else {
    in->data.f[0] = x;
    interpreter.Invoke();
    output = out->data.f[0];
  }
  uint32_t ticks = (before - systick[2]) & 0xffffff;
  return (uint64_t)ticks * 40 / 64;  // 40 ns for a tick, 64 ns for an instruction.
}

static bool near(float x, float y) { return x - y < 0.1f && y - x < 0.1f; }

void fault() { end(false); }

void reset() {
#ifdef __ARM_FP
  *(volatile uint32_t*)0xE000ED88 |= 0xf00000;
  asm volatile("dsb\nisb");
#endif
  for (uint32_t *from = &_data_from, *to = &_data_start; to < &_data_end;) *to++ = *from++;
  for (uint32_t* to = &_bss_start; to < &_bss_end;) *to++ = 0;
  for (volatile uint32_t* to = &_stack_low; to < (uint32_t*)__builtin_frame_address(0) - 16;) *to++ = 0xA5A5A5A5;
  for (void (**f)() = _init_start; f < _init_end;) (*f++)();
  systick[1] = 0xffffff;
  systick[0] = 5;
  uint32_t instructions = run(0.5f);
  bool is_right = near(output, 0.4794f);
  run(4.0f);
  is_right &= near(output, -0.7568f);
  uint32_t* low = &_stack_low;
  while (*low == 0xA5A5A5A5) low++;
  tell("instructions ", instructions);
  tell("arena ", used);
  tell("stack ", (uint32_t)((char*)&_stack_top - (char*)low));
  end(is_right);
}
