package dev.clave.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.clave.data.BuiltInDigits;
import dev.clave.data.ImageDataset;
import dev.clave.data.Pictures;
import dev.clave.internal.Json;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** The commands as a person types them. */
class MainTest {
    private record Result(int code, String out, String err) {}

    private static Result run(String... arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        CommandLine line = Main.commandLine().setOut(new PrintWriter(out)).setErr(new PrintWriter(err));
        int code = line.execute(arguments);
        return new Result(code, out.toString(), err.toString());
    }

    @Test
    void trainsSavesEvaluatesAndPredicts(@TempDir Path folder) throws IOException {
        String model = folder.resolve("w.safetensors").toString();
        Path json = folder.resolve("out.json");
        Result trained = run("train", "--data", "digits", "--epochs", "1", "--save", model, "--json", json.toString());
        assertEquals(0, trained.code(), trained.err());
        assertTrue(trained.out().contains("61610 parameters"), trained.out());
        Map<?, ?> report = (Map<?, ?>) Json.parse("json", Files.readString(json));
        assertEquals(61610.0, report.get("parameters"));
        assertTrue((Double) report.get("stepMillisMedian") > 0);

        Result evaluated = run("evaluate", "--data", "digits", "--model", model);
        assertEquals(0, evaluated.code(), evaluated.err());
        String accuracy = evaluated.out().replaceAll("(?s).*acc: ([0-9.]+).*", "$1");
        assertTrue(Double.parseDouble(accuracy) > 0.9, evaluated.out());

        ImageDataset digits = BuiltInDigits.generate(8, 5);
        Path png = folder.resolve("seven.png");
        BufferedImage image = new BufferedImage(28, 28, BufferedImage.TYPE_BYTE_GRAY);
        byte[] pixels = Arrays.copyOfRange(digits.pixels(), 7 * 784, 8 * 784);
        image.getRaster().setDataElements(0, 0, 28, 28, pixels);
        assertTrue(ImageIO.write(image, "png", png.toFile()));
        Result predicted = run("predict", "--model", model, png.toString());
        assertEquals(0, predicted.code(), predicted.err());
        assertTrue(predicted.out().contains("seven.png: class 7 -"), predicted.out());
        assertEquals(2, run("predict", "--model", model).code());
        assertEquals(
                2,
                run("predict", "--data", "digits", "--model", model, "--index", "2000")
                        .code());
        assertEquals(3, run("predict", "--model", model, json.toString()).code());
        assertEquals(
                3,
                run("evaluate", "--data", "digits", "--model", json.toString()).code());
    }

    @Test
    void viewWritesAPicture(@TempDir Path folder) throws IOException {
        Path png = folder.resolve("sheet.png");
        assertEquals(
                0,
                run("view", "--data", "digits", "--index", "0,1,2", "--out", png.toString())
                        .code());
        assertEquals(3 * (28 * 3 + 12) + 12, ImageIO.read(png.toFile()).getWidth());
    }

    @Test
    void viewPrintsSamples() {
        Result one = run("view", "--data", "digits", "--sample", "12", "--split", "train");
        assertEquals(0, one.code(), one.err());
        List<String> lines = one.out().lines().toList();
        ImageDataset train = BuiltInDigits.generate(13, 1);
        assertEquals("Data: built-in digits, 12000 training and 2000 test images", lines.get(0));
        assertEquals(
                "built-in digits #12: type u8, shape [1, 28, 28], label 2, values 0 (background) to 255:",
                lines.get(1));
        int[] row = Arrays.stream(lines.get(2 + 14).strip().split(" +"))
                .mapToInt(Integer::parseInt)
                .toArray();
        for (int x = 0; x < 28; x++) {
            assertEquals(train.pixels()[(12 * 28 + 14) * 28 + x] & 255, row[x], "column " + x);
        }
        assertEquals(Pictures.lines(train, 12), lines.subList(30, 58));
        assertEquals(58, lines.size());
    }

    @Test
    void darkInkOnLightPaperIsTurnedRound(@TempDir Path folder) throws IOException {
        ImageDataset digits = BuiltInDigits.generate(4, 5);
        byte[] pixels = Arrays.copyOfRange(digits.pixels(), 3 * 784, 4 * 784);
        BufferedImage image = new BufferedImage(28, 28, BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < 784; i++) {
            int value = 255 - (pixels[i] & 255);
            image.setRGB(i % 28, i / 28, value << 16 | value << 8 | value);
        }
        Path png = folder.resolve("three.png");
        assertTrue(ImageIO.write(image, "png", png.toFile()));
        assertArrayEquals(pixels, Pictures.read(png));
    }
}
