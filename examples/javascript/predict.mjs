// node predict.mjs model.onnx photo.jpg: the class of a photo, by a model of `nncli export` with `stretch` and rgb.
import { readFile } from "node:fs/promises";
import ort from "onnxruntime-web";
import sharp from "sharp";

const [model, photo] = process.argv.slice(2);
const session = await ort.InferenceSession.create(await readFile(model));
const [height, width, channels] = session.inputMetadata[0].shape.slice(1);
const image = sharp(photo).rotate().flatten({ background: "white" }).toColorspace("srgb");
const pixels = await image.resize(width, height, { fit: "fill", kernel: "linear" }).raw().toBuffer();
const images = new ort.Tensor("uint8", new Uint8Array(pixels), [1, height, width, channels]);
const { probabilities, label } = await session.run({ images });
console.log(Number(label.data[0]), probabilities.data[Number(label.data[0])]);
