package dev.clave.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.clave.Device;
import dev.clave.data.BuiltInDigits;
import dev.clave.data.ImageDataset;
import dev.clave.internal.Json;
import dev.clave.nn.Accuracy;
import dev.clave.nn.FitOptions;
import dev.clave.nn.Loss;
import dev.clave.nn.Model;
import dev.clave.nn.Network;
import dev.clave.nn.Optimizer;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Predictions of files of every kind, on a network that has learned a little. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PredictCommandTest {
    private static final ImageDataset DIGITS = BuiltInDigits.generate(40, 5);

    @TempDir
    private Path folder;

    private final Device device = Device.cpu();
    private final Model model = new Model(device, Network.of("relu")).seed(3);
    private Path weights = Path.of("");
    private float[][] scores = {};

    private record Result(int code, String out, String err) {}

    private Result predict(String... more) {
        List<String> arguments = new ArrayList<>(List.of("predict", "--device", "cpu", "--model", weights.toString()));
        arguments.addAll(List.of(more));
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        int code = Main.run(
                Main.commandLine().setOut(new PrintWriter(out)).setErr(new PrintWriter(err)),
                arguments.toArray(String[]::new));
        return new Result(code, out.toString(), err.toString());
    }

    @BeforeAll
    void train(@TempDir Path shared) {
        weights = shared.resolve("w.safetensors");
        model.prepare(Optimizer.adam(0.002), Loss.SOFTMAX_CROSS_ENTROPY, new Accuracy());
        model.fit(FitOptions.of(BuiltInDigits.generate(400, 6)).batchSize(20).verbose(0));
        model.save(weights);
        scores = model.predictStacked(DIGITS, 40);
    }

    @AfterAll
    void close() {
        model.close();
        device.close();
    }

    private Path picture(String name, int index, boolean jpeg) throws IOException {
        BufferedImage image = new BufferedImage(28, 28, BufferedImage.TYPE_BYTE_GRAY);
        image.getRaster()
                .setDataElements(0, 0, 28, 28, Arrays.copyOfRange(DIGITS.pixels(), index * 784, index * 784 + 784));
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        assertTrue(ImageIO.write(image, jpeg ? "jpg" : "png", file.toFile()));
        return file;
    }

    private Path idx(String name, int height, int count) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(16 + count * 784);
        bytes.putInt(0x803).putInt(count).putInt(height).putInt(784 / height).put(DIGITS.pixels(), 0, count * 784);
        Path file = folder.resolve(name);
        try (OutputStream raw = Files.newOutputStream(file);
                OutputStream out = name.endsWith(".gz") ? new GZIPOutputStream(raw) : raw) {
            out.write(bytes.array());
        }
        return file;
    }

    private int best(int index) {
        int best = 0;
        for (int c = 1; c < 10; c++) {
            best = scores[index][c] > scores[index][best] ? c : best;
        }
        return best;
    }

    private List<Map<?, ?>> json(String... more) {
        List<String> arguments = new ArrayList<>(List.of(more));
        arguments.add("--json");
        Result result = predict(arguments.toArray(String[]::new));
        assertEquals(0, result.code(), result.err());
        List<Map<?, ?>> rows = new ArrayList<>();
        ((List<?>) Json.parse("json", result.out())).forEach(row -> rows.add((Map<?, ?>) row));
        return rows;
    }

    private void checkRow(Map<?, ?> row, String name, int index, int top) {
        assertEquals(name, row.get("name"));
        assertEquals((double) best(index), row.get("class"));
        List<?> all = (List<?>) row.get("scores");
        double sum = 0;
        for (int c = 0; c < 10; c++) {
            assertEquals(scores[index][c], (Double) all.get(c), 1e-4);
            sum += Math.exp(scores[index][c]);
        }
        List<?> classes = (List<?>) row.get("top");
        assertEquals(top, classes.size());
        double before = 2;
        for (Object one : classes) {
            int c = ((Double) ((Map<?, ?>) one).get("class")).intValue();
            double probability = (Double) ((Map<?, ?>) one).get("probability");
            assertEquals(Math.exp(scores[index][c]) / sum, probability, 1e-5);
            assertTrue(probability <= before, "the likeliest first");
            before = probability;
        }
    }

    @Test
    void idxFilesPlainAndZipped() throws IOException {
        for (String name : new String[] {"some-images-idx3-ubyte", "some.IDX.gz"}) {
            Path file = idx(name, 28, 40);
            List<Map<?, ?>> rows = json(file.toString(), "--top", "4");
            assertEquals(40, rows.size());
            for (int i = 0; i < 40; i++) {
                checkRow(rows.get(i), file + " #" + i, i, 4);
                assertFalse(rows.get(i).containsKey("label"), "nobody knows");
            }
            String text = predict(file.toString()).out();
            assertEquals(40, text.lines().count(), "so many are not drawn");
        }
        Result wrong = predict(idx("wide.idx", 14, 2).toString());
        assertEquals(3, wrong.code());
        assertTrue(wrong.err().contains("images of 14x56, the network takes 28x28"), wrong.err());
    }

    @Test
    void filesAndDirectories() throws IOException {
        Path first = picture("one/b.png", 1, false);
        Path second = picture("one/a.JPG", 2, true);
        Path third = picture("three.png", 3, false);
        Files.writeString(folder.resolve("one/notes.txt"), "no picture");
        Files.createDirectories(folder.resolve("one/deeper.png"));
        List<Map<?, ?>> rows = json(third.toString(), folder.resolve("one").toString(), "--top", "20");
        assertEquals(3, rows.size());
        checkRow(rows.get(0), third.toString(), 3, 10);
        assertEquals(second.toString(), rows.get(1).get("name"));
        checkRow(rows.get(2), first.toString(), 1, 10);
        String text = predict(third.toString()).out();
        assertTrue(text.contains("three.png: class " + best(3) + " - " + best(3) + ": "), text);
        assertEquals(29, text.lines().count(), "the picture and the sentence");
        Path empty = Files.createDirectories(folder.resolve("empty"));
        Result none = predict(empty.toString());
        assertEquals(3, none.code());
        assertTrue(none.err().contains("holds no PNG, JPEG or IDX images"), none.err());
        assertEquals(3, predict(folder.resolve("gone.png").toString()).code());
        assertEquals(3, predict(folder.resolve("one/notes.txt").toString()).code());
    }

    @Test
    void indicesKnowTheirLabels() {
        List<Map<?, ?>> rows = json("--data", "digits", "--index", "7,3");
        ImageDataset test = BuiltInDigits.generate(8, 2);
        assertEquals("built-in digits #7", rows.get(0).get("name"));
        assertEquals((double) test.labels()[7], rows.get(0).get("label"));
        assertEquals((double) test.labels()[3], rows.get(1).get("label"));
        String text = predict("--data", "digits", "--index", "0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19")
                .out();
        long wrong = text.lines()
                .filter(line -> line.contains("WRONG, the label is "))
                .count();
        assertTrue(wrong > 0, "the network has learned too much for this test");
        assertTrue(text.endsWith((20 - wrong) + " of 20 right" + System.lineSeparator()), text);
    }

    @Test
    void sheetsShowThePictures() throws IOException {
        Path sheet = folder.resolve("sheet.png");
        Path file = idx("twelve.idx", 28, 12);
        Result result = predict(file.toString(), "--sheet", sheet.toString());
        assertEquals(0, result.code(), result.err());
        assertTrue(result.out().contains("sheet written to " + sheet), result.out());
        BufferedImage image = ImageIO.read(sheet.toFile());
        assertEquals(10 * 96 + 12, image.getWidth());
        assertEquals(2 * (84 + 10 + 36) + 12, image.getHeight());
        for (int p = 0; p < 784; p++) {
            int grey = image.getRGB(12 + 96 + p % 28 * 3 + 1, 12 + 130 + p / 28 * 3 + 1) & 255;
            assertEquals(DIGITS.pixels()[11 * 784 + p] & 255, grey, "pixel " + p + " of the twelfth");
        }
        long ink = 0;
        for (int x = 12; x < 96; x++) {
            for (int y = 12 + 84 + 2; y < 12 + 84 + 36; y++) {
                ink += (image.getRGB(x, y) & 255) < 128 ? 1 : 0;
            }
        }
        assertTrue(ink > 30, "captions: " + ink);
        assertEquals(
                "",
                predict(file.toString(), "--json", "--sheet", sheet.toString())
                        .out()
                        .replaceAll("(?s)\\[.*]\\n", ""));
    }

    @Test
    void wrongUseIsNamed() throws IOException {
        Path file = picture("some.png", 4, false);
        for (String[] wrong : new String[][] {
            {"--top is at least 1, got 0", "--top", "0", file.toString()},
            {"exclude each other", "--index", "1", file.toString()},
            {"name image files, or indices", "--top", "2"},
            {"--sheet: no directory", "--sheet", folder.resolve("no/s.png").toString(), file.toString()}
        }) {
            Result result = predict(Arrays.copyOfRange(wrong, 1, wrong.length));
            assertEquals(2, result.code(), result.err());
            assertTrue(result.err().contains(wrong[0]), result.err());
        }
    }
}
