/* A delegate library for the tests, as small as one can be.
 *
 * The interface is described in tensorflow/lite/delegates/external/README.md (two exported functions) and in
 * tensorflow/lite/core/c/common.h (the structs). Only what is used here is declared, in the order of that file.
 *
 * The option "do" says what it does:
 *   nothing (default)   claims no part of the network
 *   run                 runs nodes of "edgetpu-custom-op": the brightest channel of the photo gets the output "high", the
 *                       others "low"
 *   refuse              says why it cannot be made
 *   fail                cannot prepare the network
 *   abort, fault, hang  while it is made
 *   abort-invoke        when it runs a node
 * The option "witness" names a file to which a line is added for each network that is prepared.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

typedef enum { kTfLiteOk = 0, kTfLiteError = 1 } TfLiteStatus;

typedef struct {
  int size;
  int data[];
} TfLiteIntArray;

typedef struct {
  int type;
  uint8_t *data;
  TfLiteIntArray *dims;
  float scale;
  int32_t zero_point;
  int allocation_type;
  size_t bytes;
  const void *allocation;
  const char *name;
  struct TfLiteDelegate *delegate;
  int buffer_handle;
  uint8_t data_is_stale;
  uint8_t is_variable;
  int quantization_type;
  void *quantization_params;
  void *sparsity;
  const TfLiteIntArray *dims_signature;
} TfLiteTensor;

typedef struct {
  TfLiteIntArray *inputs;
  TfLiteIntArray *outputs;
} TfLiteNode; /* its head */

struct TfLiteContext;
struct TfLiteDelegate;

typedef struct {
  void *(*init)(struct TfLiteContext *, const char *, size_t);
  void (*free)(struct TfLiteContext *, void *);
  TfLiteStatus (*prepare)(struct TfLiteContext *, TfLiteNode *);
  TfLiteStatus (*invoke)(struct TfLiteContext *, TfLiteNode *);
  const char *(*profiling_string)(const struct TfLiteContext *, const TfLiteNode *);
  int32_t builtin_code;
  const char *custom_name;
  int version;
  void *registration_external;
  void *async_kernel;
  uint64_t inplace_operator;
  void *later[4]; /* room for what newer runtimes add */
} TfLiteRegistration;

typedef struct TfLiteContext {
  size_t tensors_size;
  TfLiteStatus (*GetExecutionPlan)(struct TfLiteContext *, TfLiteIntArray **);
  TfLiteTensor *tensors;
  void *impl;
  TfLiteStatus (*ResizeTensor)(struct TfLiteContext *, void *, TfLiteIntArray *);
  void (*ReportError)(struct TfLiteContext *, const char *, ...);
  TfLiteStatus (*AddTensors)(struct TfLiteContext *, int, int *);
  TfLiteStatus (*GetNodeAndRegistration)(struct TfLiteContext *, int, TfLiteNode **, TfLiteRegistration **);
  TfLiteStatus (*ReplaceNodeSubsetsWithDelegateKernels)(struct TfLiteContext *, TfLiteRegistration,
                                                        const TfLiteIntArray *, struct TfLiteDelegate *);
} TfLiteContext;

typedef struct TfLiteDelegate {
  void *data;
  TfLiteStatus (*Prepare)(TfLiteContext *, struct TfLiteDelegate *);
  void *CopyFromBufferHandle;
  void *CopyToBufferHandle;
  void *FreeBufferHandle;
  int64_t flags;
  void *opaque_delegate_builder;
} TfLiteDelegate;

typedef struct {
  char what[32];
  char witness[1024];
  int high;
  int low;
} Options;

static Options options;

static int is(const char *what) { return strcmp(options.what, what) == 0; }

static void read_options(char **names, char **values, size_t count) {
  options = (Options){.what = "nothing", .high = 255, .low = 0};
  for (size_t at = 0; at < count; at++) {
    if (strcmp(names[at], "do") == 0) snprintf(options.what, sizeof options.what, "%s", values[at]);
    if (strcmp(names[at], "witness") == 0) snprintf(options.witness, sizeof options.witness, "%s", values[at]);
    if (strcmp(names[at], "high") == 0) options.high = atoi(values[at]);
    if (strcmp(names[at], "low") == 0) options.low = atoi(values[at]);
  }
}

static void bear_witness(void) {
  FILE *file = options.witness[0] ? fopen(options.witness, "a") : NULL;
  if (file) {
    fprintf(file, "prepared\n");
    fclose(file);
  }
}

static TfLiteStatus name_brightest(TfLiteContext *context, TfLiteNode *node) {
  if (is("abort-invoke")) abort();
  TfLiteTensor *photo = &context->tensors[node->inputs->data[0]];
  TfLiteTensor *scores = &context->tensors[node->outputs->data[0]];
  long sums[3] = {0, 0, 0};
  for (size_t at = 0; at < photo->bytes; at++) sums[at % 3] += photo->data[at];
  int best = 0;
  for (int channel = 1; channel < 3; channel++)
    if (sums[channel] > sums[best]) best = channel;
  for (int channel = 0; channel < 3; channel++) scores->data[channel] = channel == best ? options.high : options.low;
  return kTfLiteOk;
}

static TfLiteStatus take_custom_ops(TfLiteContext *context, TfLiteDelegate *delegate) {
  TfLiteIntArray *plan, *taken;
  if (context->GetExecutionPlan(context, &plan) != kTfLiteOk) return kTfLiteError;
  taken = malloc(sizeof(int) * (1 + plan->size));
  taken->size = 0;
  for (int at = 0; at < plan->size; at++) {
    TfLiteNode *node;
    TfLiteRegistration *op;
    if (context->GetNodeAndRegistration(context, plan->data[at], &node, &op) != kTfLiteOk) return kTfLiteError;
    if (op->custom_name && strcmp(op->custom_name, "edgetpu-custom-op") == 0) taken->data[taken->size++] = plan->data[at];
  }
  TfLiteRegistration kernel = {.invoke = name_brightest, .custom_name = "brightest", .version = 1};
  TfLiteStatus status = context->ReplaceNodeSubsetsWithDelegateKernels(context, kernel, taken, delegate);
  free(taken);
  return status;
}

static TfLiteStatus prepare(TfLiteContext *context, TfLiteDelegate *delegate) {
  if (is("fail")) {
    context->ReportError(context, "this delegate fails to prepare");
    return kTfLiteError;
  }
  bear_witness();
  return is("run") || is("abort-invoke") ? take_custom_ops(context, delegate) : kTfLiteOk;
}

EXPORT TfLiteDelegate *tflite_plugin_create_delegate(char **names, char **values, size_t count,
                                                     void (*report_error)(const char *)) {
  read_options(names, values, count);
  if (is("refuse")) {
    report_error("no device of this kind is plugged in");
    return NULL;
  }
  if (is("abort")) {
    fprintf(stderr, "the driver is older than the device\n");
    abort();
  }
  if (is("fault")) *(volatile int *)8 = 1;
  if (is("hang")) sleep(3600);
  TfLiteDelegate *delegate = calloc(1, sizeof *delegate);
  delegate->Prepare = prepare;
  /* kTfLiteDelegateFlagsAllowDynamicTensors: else the runtime prepares the nodes before, and knows no custom op. */
  delegate->flags = 1;
  return delegate;
}

EXPORT void tflite_plugin_destroy_delegate(TfLiteDelegate *delegate) { free(delegate); }
