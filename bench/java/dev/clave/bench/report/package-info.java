/** Results of {@code clave bench --peers}: as JSON, as one HTML page and as the generated part of RESULTS.md. */
package dev.clave.bench.report;
