"""Notebook 32: speech."""

from dltoolkit.lessons import Exercise, Lesson, Question, answers

LESSON = Lesson(
    step="32",
    title="Speech",
    objectives=(
        "turn sounds into log-mel spectrograms, and count their frames and bands",
        "split by voice, and measure how much a split at random flatters a model",
        "train a small convolutional network on spectrograms, with bands left out at random",
        "find the words, voices and levels of noise at which it fails",
        "tell nine speakers apart by a vowel, and say when a linear model is enough",
    ),
    needs="No other notebook. The spoken digits want espeakng-loader, which make lab installs; without it the vowels, which "
    "come with the package, stand in.",
    leaves="Nothing but what you have learnt: the models here are small and quick to train again.",
    minutes=25,
    expect="Words of voices that the network never heard: 96 to 100 % right. Speakers by a vowel: 95 to 100 %.",
    here=(2, 3, 4, 8, 10),
    exercises={
        "frames": Exercise(
            ask="A second of sound has 16,000 samples. Each spectrum takes 512 of them, and the next one begins 160 samples "
            "later. How many whole spectra fit?",
            compare=answers.number(97),
            hints=(
                "The first spectrum takes samples 0 to 511, the second 160 to 671.",
                "The last one has to begin at sample 16,000 - 512 or before.",
                "One, and as many whole steps of 160 as fit into 16,000 - 512.",
            ),
            solution="""
                answer = 1 + (16_000 - 512) // 160
            """,
            why="With 64 bands a second of speech is then a picture of 97 x 64 numbers instead of 16,000 samples.",
        ),
        "chance": Exercise(
            ask="Ten words are equally frequent. What is the log loss, in nats, of a model that has learnt nothing?",
            compare=answers.number(2.302585, within=0.001),
            hints=(
                "It gives each word the probability 0.1.",
                "The log loss is minus the logarithm of the probability of what was said.",
                "-ln 0.1",
            ),
            solution="""
                import math
                answer = math.log(10)
            """,
            why="An untrained network that starts much above 2.303 is sure of wrong answers.",
        ),
        "split": Exercise(
            ask="The words are for a telephone that anybody may call. Split 'at random', 'by word' or 'by voice'?",
            compare=answers.one_of("by voice", ["at random", "by word", "by voice"]),
            hints=(
                "Who will speak to the telephone: people of the training part, or others?",
                "What is new when it is used has to be new in the test part too.",
                "The words stay the same ten, the voices do not.",
            ),
            solution="""
                answer = "by voice"
            """,
            why="Only a voice that training never heard is like a caller of tomorrow.",
        ),
        "unsafe": Exercise(
            ask="Which of these changes may turn a sound into one with another label: 'a little noise', 'a little later' or "
            "'backwards'?",
            compare=answers.one_of("backwards", ["a little noise", "a little later", "backwards"]),
            hints=(
                "Augmentation must leave the label true.",
                "Say the words to yourself as each change would leave them.",
                "'Six' played from its end is no English digit.",
            ),
            solution="""
                answer = "backwards"
            """,
            why="A network told that noise from the end to the start is a 'six' learns something that nobody will ever say.",
        ),
        "shared": Exercise(
            ask="Write a function of (train, test), two lists of voices, that returns the share of the test rows whose voice is "
            "in the training part too.",
            compare=answers.passes(
                ((["a", "a", "b"], ["b", "c", "c", "c"]), 0.25),
                ((["a"], ["b"]), 0.0),
                ((["a", "b"], ["b", "a"]), 1.0),
            ),
            hints=(
                "A set of the training voices answers quickly whether a voice is in it.",
                "Ask of each test row whether its voice is in that set.",
                "The mean of True and False is the share of True.",
            ),
            solution="""
                def answer(train, test):
                    known = set(train)
                    return sum(voice in known for voice in test) / len(test)
            """,
            why="Anything above 0 means that the score is, in part, about voices that the network knows.",
        ),
    },
    quiz=(
        Question(
            "Your network has 99 % on a split at random and 80 % on new voices. Which one do you report?",
            "80 %: it is what a new caller gets. The other one says that it knows its voices by heart.",
            ("99 %", "80 %", "their mean"),
        ),
        Question(
            "Why are the bands of a spectrogram narrow at low pitch and wide at high pitch?",
            "The ear hears so: between 200 and 300 Hz it tells more apart than between 5,000 and 5,100 Hz.",
        ),
        Question(
            "SpecAugment leaves out a band of time and one of pitch in each training sound. What does that teach?",
            "Not to hang a word on one sound of it: there is always more than one sign of what was said.",
        ),
        Question(
            "A linear model tells the speakers apart as well as the network does. What do you put to work?",
            "The linear model: it is as good, a hundred times quicker to train, and can be looked into.",
        ),
    ),
)
