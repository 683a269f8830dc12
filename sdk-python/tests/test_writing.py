"""What cannot be written as JSON is a HelioError, before anything is sent."""

import unittest

from helio import HelioError
from helio.transport import Transport, dumps


class Writing(unittest.TestCase):
    def test_a_lone_surrogate_is_a_helio_error(self) -> None:
        with self.assertRaises(HelioError):
            dumps({"text": "\ud800"})

    def test_a_url_that_is_none_is_a_helio_error_and_leaves_nothing_behind(self) -> None:
        with self.assertRaises(HelioError):
            Transport("ftp://example.com", 1.0).close()


if __name__ == "__main__":
    unittest.main()
