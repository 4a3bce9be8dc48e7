/**
 * Networks from and to ONNX files. {@link dev.clave.onnx.OnnxModel} is the file: read, written and checked without any
 * library, because the messages we need are few and the format's wire rules fit in one class. Above {@code dev.clave.nn}:
 *
 * <pre>
 *   OnnxModel   --&gt; OnnxNetwork (a Layer and its weights, any batch)      Layer + weights --&gt; OnnxExport --&gt; OnnxModel
 *               --&gt; OnnxSession (any inputs and outputs, whole tensors)
 * </pre>
 */
@NullMarked
package dev.clave.onnx;

import org.jspecify.annotations.NullMarked;
