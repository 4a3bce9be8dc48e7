package dev.clave.nn.callback;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ConfusionMatrixTest {
    /** Cat: 2 right, 1 taken for a dog. Dog: 3 right, 2 taken for cats. No bird, but one predicted from a dog. */
    private static ConfusionMatrix small() {
        ConfusionMatrix matrix = new ConfusionMatrix(4);
        matrix.add(new int[] {0, 0, 0, 1, 1, 1, 1, 1, 1, 3}, new int[] {0, 0, 1, 1, 1, 1, 0, 0, 2, 3}, 9);
        return matrix;
    }

    @Test
    void measuresOfASmallCase() {
        ConfusionMatrix matrix = small();
        assertEquals(2, matrix.count(1, 0));
        assertEquals(6, matrix.support(1));
        assertEquals(4, matrix.predicted(0));
        assertEquals(9, matrix.samples());
        assertEquals(5 / 9.0, matrix.accuracy());
        assertEquals(0.5, matrix.precision(0));
        assertEquals(2 / 3.0, matrix.recall(0));
        assertEquals(4 / 7.0, matrix.f1(0), 1e-15);
        assertEquals(0, matrix.precision(2));
        assertTrue(Double.isNaN(matrix.recall(2)));
        assertEquals(0, matrix.f1(2));
        assertTrue(Double.isNaN(matrix.f1(3)) && Double.isNaN(matrix.precision(3)));
        assertEquals((2 / 3.0 + 0.5) / 2, matrix.meanRecall(), 1e-15);
        assertEquals((0.5 + 0.75 + 0) / 3, matrix.meanPrecision(), 1e-15);
        assertEquals((4 / 7.0 + 0.6) / 3, matrix.meanF1(), 1e-15);
    }

    /** The measures by counting samples one by one instead of sums of a matrix. */
    @Test
    void measuresAgreeWithTheirDefinitions() {
        Random random = new Random(8);
        int[] labels = random.ints(500, 0, 7).toArray();
        int[] predictions = new int[500];
        for (int i = 0; i < 500; i++) {
            predictions[i] = random.nextInt(3) == 0 ? random.nextInt(7) : labels[i];
        }
        ConfusionMatrix matrix = new ConfusionMatrix(7);
        matrix.add(labels, predictions, 500);
        for (int c = 0; c < 7; c++) {
            int hits = 0;
            int wrongly = 0;
            int missed = 0;
            for (int i = 0; i < 500; i++) {
                hits += labels[i] == c && predictions[i] == c ? 1 : 0;
                wrongly += labels[i] != c && predictions[i] == c ? 1 : 0;
                missed += labels[i] == c && predictions[i] != c ? 1 : 0;
            }
            double precision = (double) hits / (hits + wrongly);
            double recall = (double) hits / (hits + missed);
            assertEquals(precision, matrix.precision(c), 1e-15);
            assertEquals(recall, matrix.recall(c), 1e-15);
            assertEquals(2 * precision * recall / (precision + recall), matrix.f1(c), 1e-15);
        }
    }

    @Test
    void matricesAddUpAndClear() {
        ConfusionMatrix sum = small();
        sum.add(small());
        assertEquals(18, sum.samples());
        assertEquals(4, sum.count(1, 0));
        sum.clear();
        assertEquals(0, sum.samples());
        assertTrue(Double.isNaN(sum.accuracy()) && Double.isNaN(sum.meanF1()));
    }

    @Test
    void textForTheTerminal() {
        String expected = """
                label |   cat   dog  bird horse | precision recall     f1  support
                ------+-------------------------+---------------------------------
                  cat |     2     1     .     . |    0.5000 0.6667 0.5714        3
                  dog |     2     3     1     . |    0.7500 0.5000 0.6000        6
                 bird |     .     .     .     . |    0.0000      - 0.0000        0
                horse |     .     .     .     . |         -      -      -        0
                 mean |                         |    0.4167 0.5833 0.3905        9
                """;
        List<String> names = List.of("cat", "dog", "bird", "horse");
        assertEquals(expected, small().text(names));
        int width = expected.indexOf('\n');
        assertEquals(expected, small().text(names, width));
        String below = """
                label |   cat   dog  bird horse
                ------+------------------------
                  cat |     2     1     .     .
                  dog |     2     3     1     .
                 bird |     .     .     .     .
                horse |     .     .     .     .

                label | precision recall     f1  support
                ------+---------------------------------
                  cat |    0.5000 0.6667 0.5714        3
                  dog |    0.7500 0.5000 0.6000        6
                 bird |    0.0000      - 0.0000        0
                horse |         -      -      -        0
                 mean |    0.4167 0.5833 0.3905        9
                """;
        assertEquals(below, small().text(names, width - 1));
        assertTrue(small().toString().startsWith("label |   0   1   2   3 |"), small()::toString);
    }

    @Test
    void bordersAreAllowed() {
        ConfusionMatrix one = new ConfusionMatrix(1);
        one.add(new int[] {0, 0}, new int[3], 2);
        one.add(new int[3], new int[2], 2);
        one.add(new int[1], new int[1], 0);
        assertEquals(4, one.count(0, 0));
        assertThrows(IllegalArgumentException.class, () -> one.add(0, 1));
        assertThrows(IllegalArgumentException.class, () -> one.add(1, 0));
        assertThrows(IllegalArgumentException.class, () -> one.add(new int[1], new int[1], -1));
        assertThrows(IllegalArgumentException.class, () -> new ConfusionMatrix(10_001));
        assertEquals(10_000, ConfusionMatrix.checked(10_000)); // the matrix itself would take 800 MB
    }

    @Test
    void wrongUseIsNamed() {
        ConfusionMatrix matrix = small();
        String message = assertThrows(IllegalArgumentException.class, () -> matrix.add(4, 0))
                .getMessage();
        assertTrue(message.contains("0..3, got label 4"), message);
        assertThrows(IllegalArgumentException.class, () -> matrix.add(0, -1));
        assertThrows(IllegalArgumentException.class, () -> matrix.add(new int[2], new int[1], 2));
        assertThrows(IllegalArgumentException.class, () -> matrix.add(new ConfusionMatrix(3)));
        assertThrows(IllegalArgumentException.class, () -> matrix.text(List.of("a")));
        assertThrows(IllegalArgumentException.class, () -> new ConfusionMatrix(0));
    }
}
