// Counts large ballots with snapshot.js. Arguments: node_modules, manifest.
// The manifest lists {name, type, options, power: file of doubles, choices: file of bytes, one row for each vote}.
"use strict";
const fs = require("fs");
const path = require("path");
const { utils } = require(path.join(process.argv[2], "@snapshot-labs/snapshot.js"));

const CHOICE = {
  "single-choice": (row) => row[0],
  "ranked-choice": (row) => Array.from(row),
  weighted: (row) => Object.fromEntries(Array.from(row, (weight, option) => [option + 1, weight])),
};
CHOICE.quadratic = CHOICE.weighted;

function read({ type, options, power, choices }) {
  const bytes = fs.readFileSync(power);
  const balances = new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  const rows = fs.readFileSync(choices);
  const width = rows.length / balances.length;
  return Array.from(balances, (balance, i) => ({
    choice: CHOICE[type](rows.subarray(i * width, (i + 1) * width)),
    balance,
    scores: [balance],
  }));
}

for (const tally of JSON.parse(fs.readFileSync(process.argv[3]))) {
  const proposal = { choices: Array.from({ length: tally.options }, (_, i) => `Option ${i + 1}`) };
  const voting = new utils.voting[tally.type](proposal, read(tally), [{}], null);
  const start = process.hrtime.bigint();
  const scores = voting.getScores();
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  console.log(JSON.stringify({ name: tally.name, scores, seconds }));
}
