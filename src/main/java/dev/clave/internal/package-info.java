/** What all layers share: memory behind tensors, the ledger, JSON, hashes. Not for users. */
@NullMarked
package dev.clave.internal;

import org.jspecify.annotations.NullMarked;
