// Results for `stablelce score`, computed without Python:
//
//     stablelce vectors --csv vectors.csv
//     node score.mjs stable < vectors.csv > results.csv
//     stablelce score results.csv
//
// The first argument chooses the form: `stable`, or `naive`, which fails.

import { readFileSync } from "node:fs";

const forms = {
  stable: (z, t) => {
    const s = z >= 0 ? 1 - t : t;
    return (s === 0 ? 0 : Math.abs(z) * s) + Math.log1p(Math.exp(-Math.abs(z)));
  },
  naive: (z, t) => {
    const y = 1 / (1 + Math.exp(-z));
    return -t * Math.log(y) - (1 - t) * Math.log(1 - y);
  },
};

const view = new DataView(new ArrayBuffer(8));

function fromBits(text) {
  view.setBigUint64(0, BigInt(text));
  return view.getFloat64(0);
}

function toBits(value) {
  view.setFloat64(0, value);
  return "0x" + view.getBigUint64(0).toString(16).padStart(16, "0");
}

const loss = forms[process.argv[2]];
const [title, , ...rows] = readFileSync(0, "utf8").trimEnd().split("\n");
console.log(title);
console.log("id,z,t,result");
for (const row of rows) {
  const [id, z, t] = row.split(",");
  console.log([id, z, t, toBits(loss(fromBits(z), fromBits(t)))].join(","));
}
