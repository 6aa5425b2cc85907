// Loss, gradient, sigmoid and softplus of the logistic cross-entropy, as a program that the suite can judge:
//
//     stablelce audit 'cmd:node stable.mjs'
//     stablelce audit 'cmd:node stable.mjs --text'
//
// JavaScript does not read hexadecimal floats, so text is the encoding `bits`; binary is the faster one. In
// float32 the arithmetic is done in binary64 and rounded once, by Math.fround.

const quantities = {
  loss: (z, t) => {
    const s = z >= 0 ? 1 - t : t;
    return (s === 0 ? 0 : Math.abs(z) * s) + Math.log1p(Math.exp(-Math.abs(z)));
  },
  gradient: (z, t) => {
    const e = Math.exp(-Math.abs(z)), tail = e / (1 + e);
    return z >= 0 ? 1 - t - tail : tail - t;
  },
  sigmoid: (z) => {
    const e = Math.exp(-Math.abs(z));
    return z >= 0 ? 1 / (1 + e) : e / (1 + e);
  },
  softplus: (z) => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z))),
};
const formats = { float64: Float64Array, float32: Float32Array };

// -- input: whole lines and exact numbers of bytes, whenever they arrive --------------------------

let pending = Buffer.alloc(0);
const input = process.stdin[Symbol.asyncIterator]();

async function more() {
  const { value, done } = await input.next();
  if (!done) pending = Buffer.concat([pending, value]);
  return !done;
}

async function line() {
  while (!pending.includes(10)) if (!(await more())) return null;
  const end = pending.indexOf(10);
  const text = pending.subarray(0, end).toString();
  pending = pending.subarray(end + 1);
  return text;
}

async function bytes(count) {
  while (pending.length < count && (await more()));
  const data = pending.subarray(0, count);
  pending = pending.subarray(count);
  return data;
}

// -- numbers -----------------------------------------------------------------------------------

const view = new DataView(new ArrayBuffer(8));

function fromBits(text, format) {
  if (format === "float64") {
    view.setBigUint64(0, BigInt(text));
    return view.getFloat64(0);
  }
  view.setUint32(0, Number(text));
  return view.getFloat32(0);
}

function toBits(value, format) {
  if (format === "float64") {
    view.setFloat64(0, value);
    return "0x" + view.getBigUint64(0).toString(16).padStart(16, "0");
  }
  view.setFloat32(0, value);
  return "0x" + view.getUint32(0).toString(16).padStart(8, "0");
}

// -- requests ----------------------------------------------------------------------------------

async function readColumns(inputs, format, count, encoding) {
  const columns = Array.from({ length: inputs }, () => new formats[format](count));
  if (encoding === "binary") {
    for (const column of columns) {
      const data = await bytes(column.byteLength);
      new Uint8Array(column.buffer).set(data);
    }
  } else {
    for (let i = 0; i < count; i++) {
      const row = (await line()).split(" ");
      columns.forEach((column, k) => (column[i] = fromBits(row[k], format)));
    }
  }
  return columns;
}

await line(); // the version of the suite
const encodings = process.argv.includes("--text") ? "bits" : "binary bits";
process.stdout.write("stablelce 1\nversion example 1.0\n");
for (const name in quantities) process.stdout.write(`offer ${name} float64 float32\n`);
process.stdout.write(`encodings ${encodings}\nready\n`);

for (let request; (request = await line()) !== null; ) {
  const [quantity, format, points, encoding] = request.split(" ");
  const compute = quantities[quantity], count = Number(points);
  const [z, t] = await readColumns(compute.length, format, count, encoding);
  const out = new formats[format](count);
  for (let i = 0; i < count; i++) out[i] = t ? compute(z[i], t[i]) : compute(z[i]);
  let results = Buffer.from(out.buffer);
  if (encoding === "bits") results = Buffer.from(Array.from(out, (r) => toBits(r, format) + "\n").join(""));
  process.stdout.write(Buffer.concat([Buffer.from(`results ${count}\n`), results, Buffer.from("end\n")]));
}
