#!/bin/sh
# Print the CMake flags that llama-cpp-python is built with on this processor.
#
# GGML_NATIVE lets the compiler use everything the processor announces, AMX included, and many
# virtual machines announce AMX but forbid it: the first decode then dies with SIGILL. So the
# instruction sets are named one by one, and AMX never is.
#
# usage: llama_flags.sh [CPUINFO]
set -eu

cpuinfo=${1:-/proc/cpuinfo}
features=" $(sed -n 's/^flags[[:space:]]*: //p' "$cpuinfo" | head -n 1) "

has() {
    for feature in "$@"; do
        case "$features" in *" $feature "*) ;; *) return 1 ;; esac
    done
}

on_off() {
    if has "$@"; then echo ON; else echo OFF; fi
}

if has avx512f avx512cd avx512vl avx512dq avx512bw; then avx512=ON; else avx512=OFF; fi
wide() {
    if [ "$avx512" = ON ]; then on_off "$@"; else echo OFF; fi
}

printf '%s ' \
    -DGGML_NATIVE=OFF \
    -DGGML_SSE42="$(on_off sse4_2)" \
    -DGGML_AVX="$(on_off avx)" \
    -DGGML_AVX2="$(on_off avx2)" \
    -DGGML_FMA="$(on_off fma)" \
    -DGGML_F16C="$(on_off f16c)" \
    -DGGML_BMI2="$(on_off bmi2)" \
    -DGGML_AVX512="$avx512" \
    -DGGML_AVX512_VNNI="$(wide avx512_vnni)" \
    -DGGML_AVX512_VBMI="$(wide avx512vbmi)" \
    -DGGML_AVX512_BF16="$(wide avx512_bf16)" \
    -DGGML_AMX_TILE=OFF \
    -DGGML_AMX_INT8=OFF \
    -DGGML_AMX_BF16=OFF \
    -DLLAMA_BUILD_TESTS=OFF \
    -DLLAMA_BUILD_EXAMPLES=OFF \
    -DLLAMA_BUILD_TOOLS=OFF \
    -DLLAMA_BUILD_SERVER=OFF \
    -DLLAVA_BUILD=OFF
echo
