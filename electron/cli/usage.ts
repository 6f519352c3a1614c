/** What the command line can do, in the words that `--help` prints. */
export const usage = `candor: honesty probes on local language models

  candor probes list
  candor models inspect DIR|liar|honest|scrambled
  candor run PROBE --model DIR|liar|honest|scrambled [--model …] [--data FILE|builtin:NAME]
             [--set name=value]… [--limit N] [--seed N] [--session TITLE] [--items FILE.jsonl]
  candor resume RUN
  candor compare RUN RUN
  candor sessions list
  candor sessions show ID
  candor sessions export ID --format jsonl|csv --out FILE
  candor serve [--port N]
  candor demo

With every command: --json prints one JSON document, --db FILE uses another database than the lab's own.
Exit status: 0 done, 1 failed, 2 unusable arguments or input, 130 interrupted (resume it with candor resume RUN).`;
