// Counts small ballots with snapshot.js. Argument: node_modules. Reads and writes JSON.
"use strict";
const fs = require("fs");
const path = require("path");
const { utils } = require(path.join(process.argv[2], "@snapshot-labs/snapshot.js"));

const counted = JSON.parse(fs.readFileSync(0)).map(({ type, options, votes }) => {
  const Voting = utils.voting[type];
  const proposal = { choices: options };
  const cast = votes.map(([choice, power]) => ({ choice, balance: power / 1e6, scores: [power / 1e6] }));
  return {
    type,
    options,
    votes: votes.map(([choice, power]) => [choice, power, Voting.isValidChoice(choice, options)]),
    scores: new Voting(proposal, cast, [{}], null).getScores(),
  };
});
console.log(JSON.stringify(counted));
