import fs from "stated:node/fs";
import process from "stated:node/process";
import { assertEquals, test } from "stated:test";

test("the folder of the program is where relative paths begin", () => {
  assertEquals([process.cwd(), fs.existsSync("worker.js")], ["/bundle", true]);
  process.chdir("../tmp");
  fs.writeFileSync("relative", "here");
  assertEquals([process.cwd(), fs.readFileSync("/tmp/relative", "utf8")], ["/tmp", "here"]);
  process.chdir("/bundle");
});
