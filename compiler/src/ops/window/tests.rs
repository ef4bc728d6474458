use super::*;

/// Keras' and TensorFlow's rule, which is PyTorch's for a stride of 1.
#[test]
fn same_gives_an_output_for_each_stride_begun() {
    for (size, kernel, stride, dilation, expected) in [
        (28, 3, 1, 1, (1, 1)),
        (28, 4, 1, 1, (1, 2)),
        (28, 4, 1, 3, (4, 5)),
        (28, 3, 2, 1, (0, 1)),
        (29, 3, 2, 1, (1, 1)),
        (28, 5, 3, 1, (2, 2)),
        (29, 5, 3, 1, (1, 2)),
        (30, 2, 5, 1, (0, 0)),
        (31, 2, 5, 1, (0, 1)),
        (2, 7, 5, 1, (2, 3)),
        (1, 1, 9, 1, (0, 0)),
    ] {
        let along = Along {
            size,
            padding: (0, 0),
            kernel,
            stride,
            dilation,
        };
        assert_eq!(along.same(), expected, "{along:?}");
        let padding = along.same();
        let places = Along { padding, ..along }.places();
        assert_eq!(places, Some(size.div_ceil(stride)), "{along:?}");
    }
}

/// A stride of 2^31 is as long as the image, and gives as many places.
#[test]
fn a_stride_within_the_image_gives_as_many_places() {
    let axes = (0..4).flat_map(|more| (1..6).map(move |stride| (more, stride)));
    for (more, stride) in axes.chain([(3, 1 << 31)]) {
        let along = Along {
            size: 5 + more,
            padding: (1, 0),
            kernel: 3,
            stride,
            dilation: 2,
        };
        let stride = along.stride_within();
        assert!(stride <= along.stride && stride <= more + 2, "{along:?}");
        let within = Along { stride, ..along };
        assert_eq!(within.places(), along.places(), "{along:?}");
    }
}
