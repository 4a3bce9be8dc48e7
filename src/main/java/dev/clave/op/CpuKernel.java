package dev.clave.op;

/** The pure-Java twin of an operator: every direction, single and double precision, lanes 1. */
interface CpuKernel {
    void run(Problem problem, CpuArguments arguments);
}
