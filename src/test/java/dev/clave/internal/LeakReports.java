package dev.clave.internal;

import java.util.ArrayList;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/** Collects what the ledgers report; whatever nobody took fails the run. */
public final class LeakReports extends Handler implements AutoCloseable {
    private final Logger logger = Logger.getLogger(Ledger.LOGGER);
    private final List<String> reports = new ArrayList<>();

    LeakReports() {
        logger.addHandler(this);
        logger.setUseParentHandlers(false);
    }

    @Override
    public synchronized void publish(LogRecord entry) {
        reports.add(entry.getMessage());
    }

    /** What was reported since the last call. */
    public synchronized List<String> take() {
        List<String> taken = List.copyOf(reports);
        reports.clear();
        return taken;
    }

    @Override
    public void flush() {
        // Nothing is buffered.
    }

    @Override
    public void close() {
        logger.removeHandler(this);
        logger.setUseParentHandlers(true);
        LeakGuard.expectNone(this);
    }
}
