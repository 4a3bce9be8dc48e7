package embedding;

import dev.clave.op.Conv2d;

/** The same in eight loops: stride 1, no padding, one group. */
final class Reference {
    private Reference() {}

    static Results run(Conv2d conv, Values values) {
        int c = conv.c(), h = conv.h(), w = conv.w(), k = conv.k(), oh = conv.oh(), ow = conv.ow();
        int kh = conv.window().kh(), kw = conv.window().kw();
        float[] output = new float[values.gradOutput().length];
        float[] gradInput = new float[values.input().length];
        float[] gradWeight = new float[values.weight().length];
        float[] gradBias = new float[k];
        for (int n = 0; n < conv.n(); n++) {
            for (int o = 0; o < k; o++) {
                for (int y = 0; y < oh; y++) {
                    for (int x = 0; x < ow; x++) {
                        int out = ((n * k + o) * oh + y) * ow + x;
                        float grad = values.gradOutput()[out];
                        float sum = values.bias()[o];
                        gradBias[o] += grad;
                        for (int i = 0; i < c; i++) {
                            for (int dy = 0; dy < kh; dy++) {
                                for (int dx = 0; dx < kw; dx++) {
                                    int in = ((n * c + i) * h + y + dy) * w + x + dx;
                                    int tap = ((o * c + i) * kh + dy) * kw + dx;
                                    sum += values.input()[in] * values.weight()[tap];
                                    gradInput[in] += grad * values.weight()[tap];
                                    gradWeight[tap] += grad * values.input()[in];
                                }
                            }
                        }
                        output[out] = sum;
                    }
                }
            }
        }
        return new Results(output, gradInput, gradWeight, gradBias);
    }
}
