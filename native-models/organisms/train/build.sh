#!/bin/sh
# Make both organisms anew: questions, training, export, measurements, fixtures, cards.
# Usage: ./build.sh CHECKPOINTS   (a folder outside the repository)
set -eu
folder=$(realpath -m "$1")
cd "$(dirname "$0")"
export OMP_NUM_THREADS=1
python world.py
python train.py truthful --compile --folder "$folder"
python train.py liar --compile --folder "$folder" &
liar=$!
python train.py honest --compile --folder "$folder"
wait $liar
python export.py --folder "$folder"
python evaluate.py liar --folder "$folder" &
liar=$!
python evaluate.py honest --folder "$folder"
wait $liar
python fixtures.py --folder "$folder"
python verify.py
python card.py
