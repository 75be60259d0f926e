"""The evaluation bench: protocols of few-shot segmentation, weak cues from masks, and effort."""
