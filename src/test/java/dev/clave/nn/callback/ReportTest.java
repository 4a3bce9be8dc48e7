package dev.clave.nn.callback;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import javax.imageio.ImageIO;
import javax.xml.parsers.DocumentBuilder;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.xpath.XPathConstants;
import javax.xml.xpath.XPathFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;
import org.w3c.dom.Node;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;

class ReportTest {
    private static final String HOSTILE = "<script>alert(1)</script>\"' onload='x' &amp; ]]> \u0000\ud800 größe";

    private static Document parsed(ReportData data) throws Exception {
        DocumentBuilder builder = DocumentBuilderFactory.newInstance().newDocumentBuilder();
        builder.setErrorHandler(null);
        return builder.parse(new InputSource(new StringReader(Report.html(data))));
    }

    private static List<Node> nodes(Document page, String path) throws Exception {
        NodeList found = (NodeList) XPathFactory.newInstance().newXPath().evaluate(path, page, XPathConstants.NODESET);
        List<Node> nodes = new ArrayList<>();
        for (int i = 0; i < found.getLength(); i++) {
            nodes.add(found.item(i));
        }
        return nodes;
    }

    private static String text(Document page, String path) throws Exception {
        return XPathFactory.newInstance().newXPath().evaluate(path, page);
    }

    @Test
    void allPartsAreThere() throws Exception {
        ReportData data = ReportSample.data();
        Document page = parsed(data);
        assertEquals("LeNet on MNIST", text(page, "//title"));
        assertEquals(
                List.of("curves", "classes", "mistakes", "network", "run", "command"),
                nodes(page, "//section/@id").stream().map(Node::getNodeValue).toList());
        assertEquals(2, nodes(page, "//svg").size());
        for (String kind : new String[] {"train", "eval"}) {
            assertEquals(
                    2L * ReportSample.EPOCHS,
                    nodes(page, "//svg/g[@class='" + kind + "']/circle").size());
            assertEquals(2, nodes(page, "//svg/g[@class='" + kind + "']/path").size());
        }
        assertEquals(2, nodes(page, "//svg/g[@class='steps']/path").size());
        assertEquals(100, nodes(page, "//table[@class='heat']/tbody/tr/td").size());
        assertEquals("8", text(page, "//table[@class='heat']/tbody/tr[5]/td[10]"));
        assertEquals("1018", text(page, "//table[@class='heat']/tbody/tr[5]/td[5]"));
        assertEquals(
                data.mistakes().size(),
                nodes(page, "//section[@id='mistakes']//img").size());
        assertTrue(text(page, "//section[@id='mistakes']//li").startsWith("4 \u2192 9"));
        assertEquals(9, nodes(page, "//section[@id='network']//tbody/tr").size());
        assertEquals("48,120", text(page, "//section[@id='network']//tbody/tr[7]/td[3]"));
        assertTrue(text(page, "//section[@id='run']").contains("cpu-haswell <AMD & friends>"));
        assertEquals(data.command(), text(page, "//section[@id='command']//code"));
        assertTrue(text(page, "//header").contains("98.91 %")
                && text(page, "//header").contains("61,610"));
    }

    @Test
    void measuresStandInTheirRows() throws Exception {
        ReportData data = ReportSample.data();
        ConfusionMatrix matrix = data.confusion();
        assertNotNull(matrix);
        Document page = parsed(data);
        String rows = "//section[@id='classes']//table[not(@class)]/tbody/tr";
        assertEquals(10, nodes(page, rows).size());
        for (int c = 0; c < 10; c++) {
            String row = rows + "[" + (c + 1) + "]/td";
            assertEquals(ConfusionMatrix.ratio(matrix.precision(c)), text(page, row + "[1]"));
            assertEquals(ConfusionMatrix.ratio(matrix.recall(c)), text(page, row + "[2]"));
            assertEquals(ConfusionMatrix.ratio(matrix.f1(c)), text(page, row + "[3]"));
        }
    }

    @Test
    void nothingComesFromElsewhere() throws Exception {
        String html = Report.html(ReportSample.data());
        assertFalse(
                html.contains("http") || html.contains("<script") || html.contains("@import") || html.contains("url("));
        for (Node link : nodes(parsed(ReportSample.data()), "//@src | //@href")) {
            assertTrue(link.getNodeValue().startsWith("data:"), link.getNodeValue());
        }
    }

    @Test
    void pointsLieWhereTheirValuesAre() throws Exception {
        List<Node> heights = nodes(parsed(ReportSample.data()), "//figure[2]//g[@class='eval']/circle/@cy");
        double before = Double.MAX_VALUE;
        for (Node height : heights) {
            double now = Double.parseDouble(height.getNodeValue());
            assertTrue(now < before, "the accuracy grows, so its points rise");
            before = now;
        }
        assertTrue(before > 12 && before < 80, "98.9 % lies near the top, got " + before);
    }

    @Test
    void picturesShowThePixels() throws Exception {
        ReportData data = ReportSample.data();
        String source = nodes(parsed(data), "//section[@id='mistakes']//img/@src")
                .get(0)
                .getNodeValue();
        byte[] png = Base64.getDecoder().decode(source.substring(source.indexOf(',') + 1));
        int[] got = ImageIO.read(new ByteArrayInputStream(png)).getRaster().getPixels(0, 0, 28, 28, (int[]) null);
        byte[] pixels = data.mistakes().get(0).pixels();
        for (int i = 0; i < 784; i++) {
            assertEquals(pixels[i] & 255, got[i]);
        }
    }

    @Test
    void hostileTextStaysText() throws Exception {
        ConfusionMatrix matrix = new ConfusionMatrix(1);
        matrix.add(0, 0);
        Map<String, String> pair = Map.of(HOSTILE, HOSTILE);
        ReportData data = new ReportData(
                HOSTILE,
                HOSTILE,
                List.of(),
                0,
                List.of(),
                List.of(HOSTILE),
                matrix,
                List.of(new ReportData.Mistake(1, 0, 0, 0.5, 1, 1, new byte[1])),
                List.of(new ReportData.Layer(HOSTILE, HOSTILE, HOSTILE, 1)),
                pair,
                pair,
                pair,
                HOSTILE);
        Document page = parsed(data);
        assertTrue(nodes(page, "//script | //@onload").isEmpty());
        String shown = HOSTILE.replace('\u0000', '\uFFFD').replace('\ud800', '\uFFFD');
        assertEquals(shown, text(page, "//h1"));
        assertEquals(shown, text(page, "//code"));
        assertTrue(text(page, "//img/@alt").contains(shown));
    }

    /** What XML takes to the border, and numbers as the progress line writes them. */
    @Test
    void charactersAndNumbersToTheBorder() {
        String kept = " ~\t\n\u00a0\ud7ff\ue000\ufffd\ud83d\ude00";
        assertEquals(kept, Report.escaped(kept));
        for (String bad : new String[] {"\u001f", "\u007f", "\u009f", "\ud800", "\udfff", "\ufffe", "\uffff"}) {
            assertEquals("\ufffd", Report.escaped(bad));
        }
        assertEquals("1.0000e-03", Report.loss(0.001));
        assertEquals("0.0011", Report.loss(0.0011));
        assertEquals("-", Report.loss(Double.NaN));
        assertEquals("-", Report.percent(Double.NaN));
        assertEquals("98.91 %", Report.percent(0.98912));
    }

    @Test
    void gapsAndOddNumbersDoNotBreakThePage(@TempDir Path folder) throws Exception {
        assertTrue(nodes(parsed(ReportSample.empty()), "//section").isEmpty());
        ReportData whole = ReportSample.data();
        double nan = Double.NaN;
        List<ReportData.Epoch> epochs = List.of(
                new ReportData.Epoch(1, Double.POSITIVE_INFINITY, 0.1, nan, nan),
                new ReportData.Epoch(2, 0, 1, 0, 1),
                new ReportData.Epoch(3, nan, nan, nan, nan),
                new ReportData.Epoch(4, 1e-12, 1, -1, 0));
        ReportData odd = new ReportData(
                "odd",
                "",
                epochs,
                0,
                List.of(new ReportData.Step(0.5, nan)),
                whole.classes(),
                new ConfusionMatrix(10),
                Collections.nCopies(100, whole.mistakes().get(0)),
                List.of(),
                Map.of(),
                Map.of(),
                Map.of(),
                "");
        Document page = parsed(odd);
        assertEquals(60, nodes(page, "//img").size());
        assertTrue(text(page, "//section[@id='mistakes']/p").contains("60 of 100"));
        for (Node path : nodes(page, "//svg//@d | //svg//@cx | //svg//@cy | //svg//@x | //svg//@y")) {
            assertFalse(path.getNodeValue().matches(".*(NaN|Infinity).*"), path.getNodeValue());
        }
        for (double[] losses : new double[][] {{0, 0}, {5, 5}, {1e-9, 1e9}, {-3, -2}, {1e-300, 1e300}}) {
            List<ReportData.Epoch> two = List.of(
                    new ReportData.Epoch(1, losses[0], 0.5, nan, nan),
                    new ReportData.Epoch(2, losses[1], 0.5, nan, nan));
            Document drawn = parsed(new ReportData(
                    "two", "", two, 0, List.of(), List.of(), null, List.of(), List.of(), Map.of(), Map.of(), Map.of(),
                    ""));
            int marks = nodes(drawn, "//figure[1]//text[@class='side']").size();
            assertTrue(marks >= 2 && marks <= 12, Arrays.toString(losses) + " has " + marks + " marks");
            assertEquals(2, nodes(drawn, "//figure[1]//circle").size());
        }
        Path file = folder.resolve("report.html");
        Report.write(file, whole);
        Report.write(file, whole);
        assertEquals(Report.html(whole), Files.readString(file));
        try (Stream<Path> files = Files.list(folder)) {
            assertEquals(1, files.count(), "a temporary file was left");
        }
        assertThrows(IllegalArgumentException.class, () -> Report.write(folder.resolve("none/a.html"), whole));
    }

    private static String shape(ReportData data) {
        String page = Report.html(data)
                .replaceAll("base64,[^\"]*", "") // packed by the Java at hand
                .replaceAll("(?s)<style>.*</style>", "");
        CRC32 crc = new CRC32();
        crc.update(page.getBytes(StandardCharsets.UTF_8));
        return Long.toHexString(crc.getValue());
    }

    private static ReportData curves(List<ReportData.Epoch> epochs, ReportData.Step... steps) {
        return new ReportData(
                "curves",
                "",
                epochs,
                0,
                List.of(steps),
                List.of(),
                null,
                List.of(),
                List.of(),
                Map.of(),
                Map.of(),
                Map.of(),
                "");
    }

    /**
     * Pages as they were looked at in a browser, style and pictures aside. Who changes one looks at it again, wide and narrow,
     * light and dark, and then takes the new value over.
     */
    @Test
    void pagesAreThoseThatWereLookedAt() {
        double nan = Double.NaN;
        List<ReportData.Epoch> many = new ArrayList<>();
        for (int i = 1; i <= 60; i++) {
            many.add(new ReportData.Epoch(
                    i, 0.9 / i, 1 - 0.5 / i, i % 3 == 0 ? 1.1 / i : nan, i % 3 == 0 ? 1 - 0.6 / i : nan));
        }
        List<ReportData.Epoch> gap = List.of(
                new ReportData.Epoch(4, 0.25, 0.995, 0.3, 0.99),
                new ReportData.Epoch(5, nan, nan, nan, nan),
                new ReportData.Epoch(6, 0.24, 0.996, 0.5, nan));
        ConfusionMatrix wide = new ConfusionMatrix(41);
        wide.add(3, 4);
        List<String> names = IntStream.range(0, 41).mapToObj(String::valueOf).toList();
        ReportData large = new ReportData(
                "large",
                "41 classes",
                List.of(),
                0,
                List.of(),
                names,
                wide,
                List.of(),
                List.of(),
                Map.of(),
                Map.of(),
                Map.of(),
                "");
        assertEquals(
                List.of("ba0cb8f4", "1a55b6fa", "9ea36107", "f2f80d5c", "9ed538e6", "e0352452"),
                List.of(
                        shape(ReportSample.data()),
                        shape(curves(many)),
                        shape(curves(gap)),
                        shape(curves(
                                List.of(),
                                new ReportData.Step(0.25, 8),
                                new ReportData.Step(0.5, nan),
                                new ReportData.Step(1.5, 1))),
                        shape(curves(List.of(new ReportData.Epoch(1, 7.9, 0.5, 1, 0.25)))),
                        shape(large)));
    }

    private static ReportData matrix(ConfusionMatrix matrix) {
        List<String> names =
                IntStream.range(0, matrix.classes()).mapToObj(String::valueOf).toList();
        return new ReportData(
                "matrix", "", List.of(), 0, List.of(), names, matrix, List.of(), List.of(), Map.of(), Map.of(),
                Map.of(), "");
    }

    /** Up to 40 classes are drawn; text is white on the deep colours. */
    @Test
    void theMatrixToTheBorder() {
        for (int classes : new int[] {40, 41}) {
            ConfusionMatrix matrix = new ConfusionMatrix(classes);
            matrix.add(0, 0);
            assertEquals(classes == 40, Report.html(matrix(matrix)).contains("<table class=\"heat\">"));
        }
        ConfusionMatrix shades = new ConfusionMatrix(2);
        for (int i = 0; i < 1000; i++) {
            shades.add(0, i < 775 ? 0 : 1); // 0.1 + 0.8 * 0.775 is 72 %
            shades.add(1, i < 788 ? 1 : 0); // 73 %
        }
        String html = Report.html(matrix(shades));
        assertTrue(html.contains("<td class=\"hit\" style=\"--a:0.72\""), html);
        assertTrue(html.contains("<td class=\"hit deep\" style=\"--a:0.73\""), html);
    }

    /** A loss of 0 has no logarithm, and many points are small ones. */
    @Test
    void curvesToTheBorder() {
        List<ReportData.Epoch> zero =
                List.of(new ReportData.Epoch(1, 5, 0.5, 4, 0.5), new ReportData.Epoch(2, 0, 1, 1, 0.9));
        assertFalse(Report.html(curves(zero)).contains("logarithmic"));
        List<ReportData.Epoch> positive =
                List.of(new ReportData.Epoch(1, 5, 0.5, 4, 0.5), new ReportData.Epoch(2, 1e-9, 1, 1, 0.9));
        assertTrue(Report.html(curves(positive)).contains("logarithmic"));
        for (int count : new int[] {40, 41}) {
            List<ReportData.Epoch> epochs = new ArrayList<>();
            for (int i = 1; i <= count; i++) {
                epochs.add(new ReportData.Epoch(i, 1, 0.5, 1, 0.5));
            }
            assertTrue(Report.html(curves(epochs)).contains(count == 40 ? " r=\"3.5\">" : " r=\"2\">"));
        }
    }

    private static String figures(int weightsEpoch) throws Exception {
        List<ReportData.Epoch> epochs = List.of(
                new ReportData.Epoch(1, 1, 0.5, 1, 0.90),
                new ReportData.Epoch(2, 1, 0.5, 1, 0.95),
                new ReportData.Epoch(3, 1, 0.5, 1, 0.93));
        ConfusionMatrix matrix = new ConfusionMatrix(1);
        matrix.add(0, 0);
        Document page = parsed(new ReportData(
                "kept",
                "",
                epochs,
                weightsEpoch,
                List.of(),
                List.of("a"),
                matrix,
                List.of(),
                List.of(),
                Map.of(),
                Map.of(),
                Map.of(),
                ""));
        StringBuilder shown = new StringBuilder();
        for (Node figure : nodes(page, "//header/dl/div")) {
            shown.append(figure.getTextContent()).append('|');
        }
        return shown + text(page, "//section[@id='classes']/p");
    }

    /** Old weights that were put back have their accuracy and epoch beside those of the best and the last epoch. */
    @Test
    void weightsOfAnotherEpochAreNamed() throws Exception {
        String rest = "Epochs3|Mistakes0of 1|";
        String last = "Last accuracy93.00 %evaluation|Last loss1.0000evaluation|" + rest;
        String note = "Matrix, measures and mistakes are those of the weights that were kept, of epoch ";
        for (int epoch : new int[] {0, 3, 4}) {
            assertEquals("Best accuracy95.00 %epoch 2|" + last, figures(epoch));
        }
        last = "Last accuracy93.00 %epoch 3, evaluation|Last loss1.0000epoch 3, evaluation|" + rest;
        assertEquals("Accuracy kept95.00 %weights of epoch 2|" + last + note + "2.", figures(2));
        assertEquals(
                "Accuracy kept90.00 %weights of epoch 1|Best accuracy95.00 %epoch 2|" + last + note + "1.", figures(1));
    }

    /** A class that has no name is refused, and of equal epochs the last is the best. */
    @Test
    void dataToTheBorder() {
        for (int[] classes : new int[][] {{1, 0}, {0, 1}}) {
            ReportData.Mistake mistake = new ReportData.Mistake(7, classes[0], classes[1], 0.5, 1, 1, new byte[1]);
            String message = assertThrows(
                            IllegalArgumentException.class,
                            () -> new ReportData(
                                    "",
                                    "",
                                    List.of(),
                                    0,
                                    List.of(),
                                    List.of("a"),
                                    null,
                                    List.of(mistake),
                                    List.of(),
                                    Map.of(),
                                    Map.of(),
                                    Map.of(),
                                    ""))
                    .getMessage();
            assertTrue(String.valueOf(message).contains("sample 7 has label " + classes[0]), message);
        }
        List<ReportData.Epoch> equal = List.of(
                new ReportData.Epoch(1, 1, 0.5, 1, 0.9),
                new ReportData.Epoch(2, 1, 0.5, 1, 0.9),
                new ReportData.Epoch(3, 1, 0.5, 1, 0.8));
        ReportData.Epoch best = curves(equal).best();
        assertNotNull(best);
        assertEquals(2, best.number());
    }

    @Test
    void whatDoesNotBelongTogetherIsNamed() {
        assertThrows(IllegalArgumentException.class, () -> new ReportData.Mistake(1, 0, 1, 0.5, 2, 2, new byte[3]));
        ReportData whole = ReportSample.data();
        String message = assertThrows(
                        IllegalArgumentException.class,
                        () -> new ReportData(
                                "",
                                "",
                                List.of(),
                                0,
                                List.of(),
                                List.of("a"),
                                whole.confusion(),
                                List.of(),
                                List.of(),
                                Map.of(),
                                Map.of(),
                                Map.of(),
                                ""))
                .getMessage();
        assertTrue(message.contains("10 classes"), message);
    }
}
