/**
 * Networks: {@link dev.clave.nn.Layer} says what is computed, {@link dev.clave.nn.Model} trains it, evaluates it and asks it.
 *
 * <pre>
 * Layer --record--> Graph --lower--> Plan (buffers, operator runs)
 * Model.fit: Feed (batches) -> Plan.forward -> LossHead -> Plan.backward -> Update
 * Checkpoint: weights, optimizer state, Cursor, state of callbacks
 * </pre>
 *
 * <p>Layers hold no arithmetic, the loop holds no layers.
 */
@NullMarked
package dev.clave.nn;

import org.jspecify.annotations.NullMarked;
