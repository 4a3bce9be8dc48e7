package embedding;

import dev.clave.op.Conv2d;
import java.util.Random;

/** What goes in. */
record Values(float[] input, float[] weight, float[] bias, float[] gradOutput) {
    static Values random(Conv2d conv) {
        Random random = new Random(7);
        return new Values(
                floats(random, conv.n() * conv.c() * conv.h() * conv.w()),
                floats(random, conv.weightShape().elements()),
                floats(random, conv.k()),
                floats(random, conv.n() * conv.k() * conv.oh() * conv.ow()));
    }

    private static float[] floats(Random random, int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = random.nextFloat() - 0.5f;
        }
        return values;
    }
}
