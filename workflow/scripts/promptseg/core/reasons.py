"""Why files cannot be read, and why images and masks cannot be laid on each other: every reason there is, by topic.

docs/reasons.md is made from this file and `core.value_reasons` (a test prints the command).
"""

from promptseg.core.reason import Reason

# Files

UNREADABLE = Reason(
    "unreadable",
    "The file is damaged, ends early, or is of another format than its name says.",
    "open it in another program, and replace it by an intact copy or convert it",
)
EMPTY_FILE = Reason(
    "empty file",
    "The file has no content: a download or a copy that stopped before it began.",
    "fetch it again",
)
POINTER_FILE = Reason(
    "pointer file",
    "The file is a note of Git LFS or git-annex on where its content is kept, and not the content.",
    "fetch the content: `git lfs pull`, or `git annex get` (`datalad get`)",
)
BROKEN_LINK = Reason(
    "broken link",
    "The file is a link to another one that is not there.",
    "bring back what it leads to (for git-annex and DataLad: `git annex get`), or replace the link by the file",
)
WEB_PAGE = Reason(
    "web page",
    "The file is a page of a web site, such as a form to log in or an error, saved under the name of an image.",
    "download the file itself",
)
MISSING_FILE = Reason(
    "missing file",
    "A file that a header names, or the other one of a pair, is not there.",
    "bring it back, or convert the image to one file",
)
UNKNOWN_FORMAT = Reason(
    "unknown format",
    "The end of the file's name stands for no format that can be read, and it is no DICOM file.",
    "convert it, for example to PNG or NIfTI",
)
NOT_DICOM = Reason(
    "no DICOM",
    "`series` or `units: suv` is set for files of another format, which lack what these need.",
    "take the setting away",
)
SEVERAL_FILES = Reason(
    "several files",
    "Several files form the image of a case and are not one DICOM series.",
    "make the pattern in `cases` narrower",
)
SEVERAL_PICTURES = Reason(
    "several pictures",
    "A file holds pictures of different sizes or of different kinds, and one of them would have to be chosen.",
    "save the one that counts to a file of its own",
)
TOO_MANY_DIMENSIONS = Reason(
    "too many dimensions",
    "A file holds several volumes, such as points in time or channels, where one is needed.",
    "say which by `channels`, or write each to a file of its own",
)
NO_SUCH_CHANNELS = Reason(
    "no such channels",
    "`channels` names volumes that the file does not have.",
    "give one or three of the volumes along the last axis, counted from 0",
)
COLOURED_CHANNEL = Reason(
    "coloured channel",
    "One of the three files that become red, green and blue has colours of its own.",
    "give three grey images",
)
COMPLEX_NUMBERS = Reason(
    "complex numbers",
    "Each value of the image is a complex number, which no picture can show.",
    "save the magnitude",
)

# Geometry: sizes, places and directions

ANOTHER_GRID = Reason(
    "another grid",
    "The pixels of a mask do not lie on those of its image: they differ in size, in direction, or by parts of a pixel.",
    "resample the mask to the pixels of the image",
)
NO_POSITION = Reason(
    "no position",
    "Image or mask says nothing of its place, so that one cannot be laid over the other.",
    "save the mask with the size of the image as PNG, or as NIfTI",
)
PLACES_DIFFER = Reason(
    "places differ",
    "By their headers image and mask do not lie in the same place, or lie there in more than one way, so that nobody "
    "can tell which voxel belongs to which. Directions are those of the patient: L to the left, P to the back, S up.",
    "set `geometry: stored` in the dataset's entry if the arrays fit voxel by voxel, whatever the headers say, or "
    "`geometry: header` if the headers are right",
)
SIZES_DIFFER = Reason(
    "sizes differ",
    "Image and mask do not have the same number of pixels or voxels along each axis.",
    "they must cover the same grid; `geometry: header` lays a mask of a part of the image by its header",
)
WRONG_AXIS = Reason(
    "wrong axis",
    "Cut along `axis`, a volume would give pictures of one pixel's width.",
    "set `axis` of the dataset",
)

# DICOM, and segments by their names

ANOTHER_FRAME_OF_REFERENCE = Reason(
    "another frame of reference",
    "A DICOM SEG or RTSTRUCT was drawn in other coordinates (FrameOfReferenceUID) than those of the image.",
    "give the case the segmentation of this very series, or set `frame_of_reference: any` if the coordinates agree",
)
BEYOND_THE_IMAGE = Reason(
    "beyond the image",
    "Nothing of what a segmentation marks lies on the slices of the image.",
    "check that the segmentation and the image belong together, and that the slices are complete",
)
CONTRADICTION = Reason(
    "contradiction",
    "A frame of a DICOM SEG or a contour of an RTSTRUCT refers to one picture and lies at the place of another one.",
    "write the segmentation anew from its source",
)
DRAWN_ON_OTHER_SLICES = Reason(
    "drawn on other slices",
    "Contours of an RTSTRUCT lie between the slices of the image, or are not parallel to them.",
    "give the case the series that they were drawn on",
)
DOUBLE_FRAMES = Reason(
    "double frames",
    "Several frames of a DICOM SEG mark the same segment at the same place in different ways.",
    "give the case the segmentation of one series, one phase and one resolution",
)
NO_AREA = Reason(
    "no area",
    "The chosen structures of an RTSTRUCT consist of points or open lines, which bound no area.",
    "choose structures with closed contours by `segment`",
)
NO_LABEL_MAP = Reason(
    "no label map",
    "The structures of an RTSTRUCT overlap, or have numbers below 1, so that their numbers make no label map.",
    "write `labels` as a list and choose the structures by `segment`; where they overlap, the later one wins",
)
DIFFERING_SLICES = Reason(
    "differing slices",
    "The slices of a DICOM series differ in size, direction, pixel size or kind of values: a localizer is among them, "
    "or two series.",
    "keep the slices of one stack in the folder",
)
MISSING_ATTRIBUTE = Reason(
    "missing attribute",
    "A DICOM attribute that is needed is absent, empty or no number, in all slices or in some.",
    "export the series again, or convert it to NIfTI with a program that knows what is meant",
)
NO_PICTURE = Reason(
    "no DICOM image",
    "The DICOM files of a case are reports, plans or segmentations, and none is an image.",
    "make the pattern of `image` in `cases` match the images",
)
NO_PLACE_OF_FRAMES = Reason(
    "multi-frame DICOM",
    "A DICOM object of several frames does not say where they lie: a film, or an old kind of object.",
    "convert it to single-frame DICOM with positions, or to NIfTI",
)
NOT_ONE_SERIES = Reason(
    "not one DICOM series",
    "The DICOM files of a case belong to several series, or to none that is asked for.",
    "make the pattern in `cases` narrower, so that it matches one series, or choose by `series`",
)
TWO_SLICES_AT_ONE_PLACE = Reason(
    "two slices at one place",
    "A DICOM series holds more than one volume: phases, echoes, or versions of the same slice.",
    "keep the files of one of them",
)
UNKNOWN_COMPRESSION = Reason(
    "unknown compression",
    "The pixels of a DICOM file are compressed in a way that nothing here decodes.",
    "decompress it, as with `dcmdjpeg` or `gdcmconv --raw`",
)
UNKNOWN_SEG = Reason(
    "unknown DICOM SEG",
    "A segmentation of a kind that cannot be laid on slices.",
    "save it as BINARY, FRACTIONAL or LABELMAP segmentation of the slices, or as NIfTI",
)
NO_SEGMENT = Reason(
    "no segment",
    "No segment or structure of a file has the name or the code that `segment` asks for.",
    "correct `segment`, or leave the case out by `only`",
)
NO_NAMES = Reason(
    "no names of segments",
    "`segment` chooses by name in .seg.nrrd, DICOM SEG and RTSTRUCT files; files of other formats name no segments.",
    "take `segment` away, and give `threshold` if the file is a probability map",
)

# Cases: which files belong together

MISSING_IMAGE = Reason(
    "missing image",
    "A mask has no image of its name, or not all colours of an image are there.",
    "add it, correct the patterns in `cases`, or set `unpaired: skip`",
)
MISSING_MASK = Reason(
    "missing mask",
    "An image has no mask of its name, or lacks some of the masks that the patterns name.",
    "add it, correct the patterns in `cases`, or set `unpaired: skip` for images without any mask",
)
