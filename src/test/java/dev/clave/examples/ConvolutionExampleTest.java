package dev.clave.examples;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import org.junit.jupiter.api.Test;

class ConvolutionExampleTest {
    @Test
    void convolves() {
        float[] image = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
        float[] kernel = {0, 0, 0, 0, 1, 0, 0, 0, 2};
        assertArrayEquals(new float[] {6 + 22, 7 + 24, 10 + 30, 11 + 32}, ConvolutionExample.convolve(image, kernel));
    }
}
