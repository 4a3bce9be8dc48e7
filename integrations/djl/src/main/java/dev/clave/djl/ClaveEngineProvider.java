package dev.clave.djl;

import ai.djl.engine.Engine;
import ai.djl.engine.EngineProvider;

/** What DJL finds on the class path. */
public final class ClaveEngineProvider implements EngineProvider {
    private static final class Holder {
        private static final Engine ENGINE = new ClaveEngine();
    }

    /** For the service loader. */
    public ClaveEngineProvider() {}

    @Override
    public String getEngineName() {
        return ClaveEngine.NAME;
    }

    @Override
    public int getEngineRank() {
        return ClaveEngine.RANK;
    }

    @Override
    public Engine getEngine() {
        return Holder.ENGINE;
    }
}
