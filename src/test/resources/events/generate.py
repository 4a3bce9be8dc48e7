"""Writes golden.tfevents.bin with TensorBoard 2.21's own writer; run by hand, never by the build."""
import os

from tensorboard.compat.proto import event_pb2, summary_pb2
from tensorboard.summary.writer.record_writer import RecordWriter

os.chdir(os.path.dirname(os.path.abspath(__file__)))
events = [event_pb2.Event(wall_time=1700000000.25, file_version="brain.Event:2")]
points = [("loss/train", 0, 2.5), ("loss/train", 1, 0.1), ("größe", 300, -1e-30), ("x", 2**40, float("inf")), ("x", 7, 0.0)]
for i, (tag, step, number) in enumerate(points):
    value = summary_pb2.Summary.Value(tag=tag, simple_value=number)
    time = 1700000000.25 + 0.5 * (i + 1)
    events.append(event_pb2.Event(wall_time=time, step=step, summary=summary_pb2.Summary(value=[value])))
with open("golden.tfevents.bin", "wb") as file:
    writer = RecordWriter(file)
    for event in events:
        writer.write(event.SerializeToString())
