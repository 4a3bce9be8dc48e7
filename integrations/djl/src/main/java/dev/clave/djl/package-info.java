/**
 * Clave as an engine of the Deep Java Library: with this jar on the class path {@code Criteria} and {@code Model.newInstance}
 * find the engine {@code Clave}, which loads weights saved by Clave (safetensors) and ONNX models and runs them through
 * DJL's own {@code Predictor}. For inference only.
 *
 * <p>Arrays live on the Java heap. They are made, read, reshaped, split, stacked and joined here; whatever else DJL can do
 * with arrays is left to another engine where one is on the class path, and refused by name where none is.
 */
package dev.clave.djl;
