// What npm's openai gets from a server: all transcription calls, printed as one JSON object.
//     node calls.mjs BASE_URL KEY RECORDING
import { File } from "node:buffer";
import { createReadStream } from "node:fs";
import OpenAI from "openai";

globalThis.File ??= File; // Node 18 has none, and the SDK wants one

const [baseURL, apiKey, recording] = process.argv.slice(2);
const client = new OpenAI({ baseURL, apiKey });

function ask(wishes = {}, by = client) {
  const file = createReadStream(recording);
  return by.audio.transcriptions.create({ file, model: "gpt-transcribe", ...wishes });
}

async function streamed() {
  const events = [];
  for await (const event of await ask({ stream: true })) events.push(event);
  return events;
}

async function error(promise) {
  try {
    await promise;
    return null;
  } catch (found) {
    const { status, code, param, type } = found;
    return { name: found.constructor.name, status, code, param, type };
  }
}

async function listed() {
  const ids = [];
  for await (const model of client.models.list()) ids.push(model.id);
  return ids;
}

const found = {};
for (const response_format of ["json", "text", "srt", "verbose_json", "vtt"]) {
  found[response_format] = await ask({ response_format });
}
found.words = await ask({ response_format: "verbose_json", timestamp_granularities: ["word"] });
found.told = await ask({ keywords: ["Zyloprim"], languages: ["en", "de"], prompt: "A visit." });
found.stream = await streamed();
found.models = await listed();
found.model = await client.models.retrieve("whisper-1");
const { response } = await ask({ temperature: 0 }).withResponse();
found.ignored = response.headers.get("verbatim-ignored");
found.errors = [
  await error(ask({}, new OpenAI({ baseURL, apiKey: "sk-wrong" }))),
  await error(ask({ model: "gpt-9" })),
  await error(ask({ language: "klingonish" })),
];
console.log(JSON.stringify(found));
