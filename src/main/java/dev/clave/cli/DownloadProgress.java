package dev.clave.cli;

import dev.clave.data.DataSource;
import dev.clave.nn.callback.Terminal;
import java.io.PrintWriter;
import java.util.Locale;

/** Shows a download: redrawn in a terminal, one line per file elsewhere. */
final class DownloadProgress implements DataSource.Progress {
    private static final long REDRAW_BYTES = 1 << 18;

    private final PrintWriter out;
    private final boolean terminal;
    private String file = "";
    private long shown;

    DownloadProgress(PrintWriter out, Terminal terminal) {
        this.out = out;
        this.terminal = terminal.present();
    }

    @Override
    public void at(String name, long bytes, long total) {
        boolean first = !name.equals(file);
        boolean last = bytes == total;
        file = name;
        if (terminal && (first || last || bytes - shown >= REDRAW_BYTES || bytes < shown)) {
            shown = bytes;
            out.print("\rdownloading " + name + ": " + size(bytes) + (total < 0 ? "" : " of " + size(total)) + "   ");
            if (last) {
                out.println();
            }
        } else if (!terminal && first) {
            out.println("downloading " + name + (total < 0 ? "" : ": " + size(total)));
        }
        out.flush();
    }

    private static String size(long bytes) {
        return bytes < 100_000
                ? String.format(Locale.ROOT, "%.1f kB", bytes / 1e3)
                : String.format(Locale.ROOT, "%.1f MB", bytes / 1e6);
    }
}
