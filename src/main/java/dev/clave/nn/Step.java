package dev.clave.nn;

import dev.clave.op.Problem;
import java.util.Map;

/** One operator run of a plan: what, on which buffers by slot name, and for which layer. */
record Step(String layer, Problem problem, Map<String, Buffer> buffers) {}
