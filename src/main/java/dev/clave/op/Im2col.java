package dev.clave.op;

import dev.clave.internal.cpu.Workspace;
import java.util.Arrays;

/**
 * Copies between NCHW tensors and the rows of a matrix product. A column is a position: (n*OH + oy)*OW + ox of the output. A
 * row of the patch matrix belongs to one channel and one tap of the window; positions in the padding are 0.
 */
record Im2col(Conv2d g, Window win, int oh, int ow, int plane, int taps) {
    static Im2col of(Conv2d g) {
        Window win = g.window();
        return new Im2col(g, win, g.oh(), g.ow(), g.oh() * g.ow(), win.kh() * win.kw());
    }

    /** Whether the patch matrix is the input itself. */
    boolean pointwise() {
        return taps == 1 && win.strideH() == 1 && win.strideW() == 1 && !padded();
    }

    boolean padded() {
        return win.padTop() > 0 || win.padLeft() > 0 || win.padBottom() > 0 || win.padRight() > 0;
    }

    /** Positions begin to end of one channel of a tensor [N,channels,OH,OW] into a row. */
    void pack(float[] tensor, int first, int channels, int channel, int begin, int end, float[] row) {
        if (plane == 1) {
            for (int j = 0; j < end - begin; j++) {
                row[j] = tensor[first + (begin + j) * channels + channel];
            }
            return;
        }
        for (int j = begin; j < end; ) {
            int n = j / plane;
            int count = Math.min(end, (n + 1) * plane) - j;
            System.arraycopy(tensor, first + (n * channels + channel) * plane + j - n * plane, row, j - begin, count);
            j += count;
        }
    }

    /** A row into positions begin to end of one channel of a tensor [N,channels,OH,OW]. */
    void unpack(float[] row, float[] tensor, int first, int channels, int channel, int begin, int end) {
        if (plane == 1) {
            for (int j = 0; j < end - begin; j++) {
                tensor[first + (begin + j) * channels + channel] = row[j];
            }
            return;
        }
        for (int j = begin; j < end; ) {
            int n = j / plane;
            int count = Math.min(end, (n + 1) * plane) - j;
            System.arraycopy(row, j - begin, tensor, first + (n * channels + channel) * plane + j - n * plane, count);
            j += count;
        }
    }

    /** Row (channel, tap) of the patch matrix, positions begin to end. */
    void patchRow(float[] input, int first, int channel, int tap, int begin, int end, float[] row) {
        if (pointwise()) {
            pack(input, first, g.c(), channel, begin, end, row);
            return;
        }
        int kh = tap / win.kw() * win.dilationH() - win.padTop();
        int shift = tap % win.kw() * win.dilationW() - win.padLeft();
        int inside = Conv2dCpu.first(shift, win.strideW());
        int outside = Conv2dCpu.last(shift, win.strideW(), g.w(), ow);
        int n = begin / plane;
        int oy = begin % plane / ow;
        int ox = begin % ow;
        for (int j = 0; j < end - begin; ) {
            int count = Math.min(ow - ox, end - begin - j);
            int y = oy * win.strideH() + kh;
            // A row wholly in the padding has no columns inside.
            boolean empty = y < 0 || y >= g.h();
            int from = empty ? ox + count : Math.min(Math.max(ox, inside), ox + count);
            int to = empty ? from : Math.max(Math.min(ox + count, outside), from);
            Arrays.fill(row, j, j + from - ox, 0);
            int source = first + ((n * g.c() + channel) * g.h() + y) * g.w() + shift;
            if (win.strideW() == 1 && to > from) {
                System.arraycopy(input, source + from, row, j + from - ox, to - from);
            } else {
                for (int x = from; x < to; x++) {
                    row[j + x - ox] = input[source + x * win.strideW()];
                }
            }
            Arrays.fill(row, j + to - ox, j + count, 0);
            j += count;
            ox = 0;
            oy++;
            if (oy == oh) {
                oy = 0;
                n++;
            }
        }
    }

    /** The rows of some channels, all taps, positions begin to end. */
    void block(
            Workspace workspace,
            float[] input,
            int first,
            int channel,
            int channels,
            int begin,
            int end,
            float[][] rows) {
        for (int c = 0; c < channels; c++) {
            if (shifts()) {
                float[] picture = workspace.coefficients(picture());
                patchRows(input, first, channel + c, begin, end, rows, c * taps, picture);
                continue;
            }
            for (int tap = 0; tap < taps; tap++) {
                patchRow(input, first, channel + c, tap, begin, end, rows[c * taps + tap]);
            }
        }
    }

    /** Whether {@link #patchRows} serves: rows of one kernel column are then parts of one compact picture. */
    boolean shifts() {
        return !pointwise() && win.strideH() == 1 && win.strideW() == 1 && win.kh() > 1 && ow <= Workspace.WIDTH;
    }

    /** Elements of the picture that {@link #patchRows} needs. */
    int picture() {
        return 2 * Workspace.WIDTH + (2 + (win.kh() - 1) * win.dilationH()) * ow;
    }

    /**
     * Every row of a channel, positions begin to end: rows[firstRow + tap]. For each kernel column the input is cut to the
     * OW columns it meets; the rows of its taps are then parts of this picture, one line of OW further per tap.
     */
    void patchRows(
            float[] input, int first, int channel, int begin, int end, float[][] rows, int firstRow, float[] picture) {
        for (int j = begin; j < end; ) {
            int n = j / plane;
            int count = Math.min(end, (n + 1) * plane) - j;
            int oy = j % plane / ow;
            int lines = (j - n * plane + count - 1) / ow - oy + 1 + (win.kh() - 1) * win.dilationH();
            // The lines above and below the input are zeros in every picture.
            int top = Math.max(0, win.padTop() - oy);
            int bottom = Math.max(top, Math.min(lines, g.h() + win.padTop() - oy));
            Arrays.fill(picture, 0, Math.min(top, lines) * ow, 0);
            Arrays.fill(picture, Math.min(bottom, lines) * ow, lines * ow, 0);
            int source = first + ((n * g.c() + channel) * g.h() + oy - win.padTop()) * g.w();
            int step = win.dilationH() * ow;
            int start = j % ow;
            for (int kw = 0; kw < win.kw(); kw++) {
                int shift = kw * win.dilationW() - win.padLeft();
                int inside = Math.min(ow, Math.max(0, -shift));
                int outside = Math.max(inside, Math.min(ow, g.w() - shift));
                for (int line = top; line < bottom; line++) {
                    copyLine(input, source + line * g.w() + shift, picture, line * ow, inside, outside, ow);
                }
                for (int kh = 0; kh < win.kh(); kh++) {
                    System.arraycopy(picture, start + kh * step, rows[firstRow + kh * win.kw() + kw], j - begin, count);
                }
            }
            j += count;
        }
    }

    /** A line of a picture, zeros before {@code inside} and from {@code outside} on; loops, since lines are short. */
    private static void copyLine(float[] input, int from, float[] picture, int at, int inside, int outside, int width) {
        for (int x = 0; x < inside; x++) {
            picture[at + x] = 0;
        }
        System.arraycopy(input, from + inside, picture, at + inside, outside - inside);
        for (int x = outside; x < width; x++) {
            picture[at + x] = 0;
        }
    }

    /** Adds the rows of a channel, rows[firstRow + tap], to the input gradient: {@link #patchRows} backwards. */
    void addPatchRows(
            float[][] rows,
            int firstRow,
            float[] gradInput,
            int first,
            int channel,
            int begin,
            int end,
            Workspace workspace) {
        float[] picture = workspace.coefficients(picture());
        float[] moved = workspace.moved(picture());
        for (int j = begin; j < end; ) {
            int n = j / plane;
            int count = Math.min(end, (n + 1) * plane) - j;
            int oy = j % plane / ow;
            int lines = (j - n * plane + count - 1) / ow - oy + 1 + (win.kh() - 1) * win.dilationH();
            int target = first + (n * g.c() + channel) * g.h() * g.w();
            for (int kw = 0; kw < win.kw(); kw++) {
                Arrays.fill(picture, 0, lines * ow, 0);
                for (int kh = 0; kh < win.kh(); kh++) {
                    int from = kh * win.dilationH() * ow + j % ow;
                    // Moved to where it is added, so that both arrays are read at the loop index.
                    System.arraycopy(rows[firstRow + kh * win.kw() + kw], j - begin, moved, from, count);
                    for (int i = from; i < from + count; i++) {
                        picture[i] += moved[i];
                    }
                }
                int shift = kw * win.dilationW() - win.padLeft();
                int inside = Conv2dCpu.first(shift, 1);
                int outside = Conv2dCpu.last(shift, 1, g.w(), ow);
                for (int line = 0; line < lines; line++) {
                    int y = oy + line - win.padTop();
                    int at = target + y * g.w() + shift;
                    for (int x = inside; x < outside && y >= 0 && y < g.h(); x++) {
                        gradInput[at + x] += picture[line * ow + x];
                    }
                }
            }
            j += count;
        }
    }

    /** Adds a row of the patch matrix to the elements of the input gradient it was read from. */
    void addPatchRow(float[] row, float[] gradInput, int first, int channel, int tap, int begin, int end) {
        int kh = tap / win.kw() * win.dilationH() - win.padTop();
        int shift = tap % win.kw() * win.dilationW() - win.padLeft();
        int inside = Conv2dCpu.first(shift, win.strideW());
        int outside = Conv2dCpu.last(shift, win.strideW(), g.w(), ow);
        int n = begin / plane;
        int oy = begin % plane / ow;
        int ox = begin % ow;
        for (int j = 0; j < end - begin; ) {
            int count = Math.min(ow - ox, end - begin - j);
            int y = oy * win.strideH() + kh;
            if (y >= 0 && y < g.h()) {
                int target = first + ((n * g.c() + channel) * g.h() + y) * g.w() + shift;
                int to = Math.min(ox + count, outside);
                for (int x = Math.max(ox, inside); x < to; x++) {
                    gradInput[target + x * win.strideW()] += row[j + x - ox];
                }
            }
            j += count;
            ox = 0;
            oy++;
            if (oy == oh) {
                oy = 0;
                n++;
            }
        }
    }

    /** Channels begin to begin + count of one position, every tap: a column of the patch matrix. */
    void patchColumn(float[] input, int first, int begin, int count, int position, float[] column) {
        int n = position / plane;
        int top = position % plane / ow * win.strideH() - win.padTop();
        int left = position % ow * win.strideW() - win.padLeft();
        int pixels = g.h() * g.w();
        if (pointwise() && pixels == 1) {
            System.arraycopy(input, first + n * g.c() + begin, column, 0, count);
            return;
        }
        int xBegin = MaxPool2dCpuFast.firstTap(left, win.dilationW());
        int xEnd = Math.max(xBegin, MaxPool2dCpuFast.lastTap(left, win.dilationW(), win.kw(), g.w()));
        int yBegin = MaxPool2dCpuFast.firstTap(top, win.dilationH());
        int yEnd = MaxPool2dCpuFast.lastTap(top, win.dilationH(), win.kh(), g.h());
        if (xEnd - xBegin < win.kw() || yEnd - yBegin < win.kh()) {
            Arrays.fill(column, 0, count * taps, 0);
        }
        // The usual windows are written out: a loop of three or five costs several times as much.
        boolean dense = win.dilationW() == 1 && xEnd - xBegin == win.kw();
        for (int c = 0; c < count; c++) {
            int source = first + (n * g.c() + begin + c) * pixels + left;
            for (int kh = yBegin; kh < yEnd; kh++) {
                int row = source + (top + kh * win.dilationH()) * g.w();
                int to = c * taps + kh * win.kw();
                if (dense && xEnd - xBegin == 5) {
                    column[to] = input[row];
                    column[to + 1] = input[row + 1];
                    column[to + 2] = input[row + 2];
                    column[to + 3] = input[row + 3];
                    column[to + 4] = input[row + 4];
                    continue;
                }
                if (dense && xEnd - xBegin == 3) {
                    column[to] = input[row];
                    column[to + 1] = input[row + 1];
                    column[to + 2] = input[row + 2];
                    continue;
                }
                for (int kw = xBegin; kw < xEnd; kw++) {
                    column[to + kw] = input[row + kw * win.dilationW()];
                }
            }
        }
    }
}
