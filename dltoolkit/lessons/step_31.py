"""Notebook 31: text."""

from dltoolkit.lessons import Exercise, Lesson, Question, answers

LESSON = Lesson(
    step="31",
    title="Text",
    objectives=(
        "turn texts into counts of words, into ids in order, and into pieces of words",
        "set a majority guess and TF-IDF with logistic regression as what a network has to beat",
        "train a bag of words, a recurrent network and a transformer, and compare scores and seconds",
        "use a body that others trained: frozen, with a new head, and say when to fine-tune it",
        "see which words an answer leans on, and say when TF-IDF is enough",
    ),
    needs="No other notebook. The part with a pretrained BERT wants its weights (make pretrained, 80 MB); without them it "
    "is left out, with a sentence.",
    leaves="Nothing but what you have learnt: the models here are small and quick to train again.",
    minutes=25,
    expect="Share of right answers on reviews: majority 0.52 to 0.70, logistic regression and a bag of words 0.77 to 0.84, a "
    "pretrained BERT above both.",
    here=(2, 3, 4, 8, 10),
    exercises={
        "idf": Exercise(
            ask="Of 1,000 texts, 10 hold the word 'stale' and 900 the word 'the'. How many times the inverse document "
            "frequency ln(1,000 / n) of 'the' is that of 'stale'? To one decimal.",
            compare=answers.number(43.7, within=0.06),
            hints=(
                "The document frequency n is the number of texts that hold the word.",
                "ln(1,000 / 10) is 4.605; do the same for 900.",
                "Divide 4.605 by 0.1054.",
            ),
            solution="""
                import math
                answer = math.log(1_000 / 10) / math.log(1_000 / 900)
            """,
            why="TF-IDF lets a rare word weigh more than a frequent one: it tells more about the text that it stands in.",
        ),
        "vocabulary": Exercise(
            ask="Write a function of a list of texts: the number of different runs of two neighbouring words (split at "
            "spaces) in all of them.",
            compare=answers.passes(
                ((["good tea", "not good", "good good tea"],), 3),
                ((["a b c", "c b a"],), 4),
                ((["one", ""],), 0),
            ),
            hints=(
                "text.split() gives the words; zip(words, words[1:]) gives the neighbours.",
                "A set holds each run once.",
                "len({pair for text in texts for pair in zip(text.split(), text.split()[1:])})",
            ),
            solution="""
                def answer(texts):
                    words = [text.split() for text in texts]
                    return len({pair for line in words for pair in zip(line, line[1:])})
            """,
            why="'not good' is a run that says more than its two words; there are far more runs than words, and most "
            "occur once.",
        ),
        "order": Exercise(
            ask="'not bad, good' and 'not good, bad' hold the same words. Which can tell them apart: a 'bag of single "
            "words' or an 'lstm'?",
            compare=answers.one_of("lstm", ["bag of single words", "lstm"]),
            hints=(
                "What is left of a text when only the counts of its words are kept?",
                "Both texts give the same counts.",
                "The one that reads word by word knows what came before.",
            ),
            solution="""
                answer = "lstm"
            """,
            why="It could; whether it learns to from a few thousand texts is another question, and most often it does not.",
        ),
        "frozen": Exercise(
            ask="A frozen body of 22.6 million weights gives 2,688 numbers for a text. How many weights does a head with "
            "one unit learn?",
            compare=answers.number(2_689),
            hints=(
                "The body's weights are not learnt any more.",
                "A unit has a weight for each number that it reads.",
                "And a bias.",
            ),
            solution="""
                answer = 2_688 + 1
            """,
            why="So few weights can be learnt from few texts; and each text has to pass the body only once.",
        ),
        "leak": Exercise(
            ask="The same review was posted under three products. Put its three copies into the 'same part' or 'anywhere'?",
            compare=answers.one_of("same part", ["same part", "anywhere"]),
            hints=(
                "What does a network know about a test text that it learnt by heart in training?",
                "The test part has to stand for texts that nobody has seen.",
                "data.split keeps texts together that are nearly the same.",
            ),
            solution="""
                answer = "same part"
            """,
            why="A copy in training makes the test an exam with known questions.",
        ),
    },
    quiz=(
        Question(
            "A text holds a word that training never saw. What does a network for words make of it?",
            "The unknown word, id 1, as all such words; one that reads pieces or letters still sees its parts.",
            ("an error", "the unknown word", "the most frequent word"),
        ),
        Question(
            "Your transformer is right on 99 % of the training texts and 78 % of the others. What do you try first?",
            "Something simpler, or more texts: TF-IDF with logistic regression, a bag of words, or a pretrained body.",
            ("more layers", "something simpler", "more epochs"),
        ),
        Question(
            "Why must a pretrained BERT be fed its own word pieces?",
            "Its vectors belong to its own ids: with another vocabulary each id would stand for another piece.",
        ),
        Question(
            "When is TF-IDF with logistic regression enough?",
            "When texts are few, the topic shows in single words, or answers must come in microseconds: it trains in a second.",
        ),
    ),
)
