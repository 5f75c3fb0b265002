from thunderbox.voice.cpu import parse, this_cpu

X86 = """\
processor\t: 0
model name\t: Some Processor 9000
flags\t\t: fpu sse2 avx2 fma f16c avx512f amx_tile

processor\t: 1
model name\t: Another
flags\t\t: fpu
"""
ARM = "processor\t: 0\nFeatures\t: fp asimd asimddp i8mm\n"


def test_an_x86_processor() -> None:
    cpu = parse(X86)
    assert cpu.name == "Some Processor 9000"
    assert cpu.notable == ["AVX2", "FMA", "F16C", "AVX-512", "AMX"]
    assert cpu.quick_enough
    assert cpu.has("amx_tile")


def test_an_arm_processor() -> None:
    assert parse(ARM).notable == ["NEON", "NEON dot product", "int8 matrices"]
    assert parse(ARM).quick_enough


def test_an_old_or_unknown_processor() -> None:
    assert not parse("flags : sse2\n").quick_enough
    assert parse("").notable == []


def test_this_processor_is_known() -> None:
    assert this_cpu().name
    assert this_cpu() is this_cpu()
