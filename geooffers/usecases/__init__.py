"""What the product does: one public function a file. A use case orders the steps and owns the transaction."""
