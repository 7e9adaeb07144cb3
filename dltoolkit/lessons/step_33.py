"""Notebook 33: recommenders, from the mean rating to a list of ten."""

from dltoolkit.lessons import Exercise, Lesson, Question, answers

LESSON = Lesson(
    step="33",
    title="Recommenders",
    objectives=(
        "predict a rating from a mean and two biases, and say what is left for a network",
        "train a matrix factorisation and read its vectors: which films are alike",
        "make a list of ten for every user, leave out what they have seen, and measure it by NDCG",
        "compare lists with popularity and with a linear item model on the same users",
        "say what happens to a user or a film that training never saw",
    ),
    needs="Ratings: a column that says who, one that says what, one that says when. The film ratings that come with the kit "
    "are taken by default.",
    leaves="Nothing in the project: two networks that you can save with run.save.",
    minutes=25,
    expect="RMSE of the factorisation on held-out film ratings: between 0.84 and 0.89; NDCG@10 of the towers at least 1.3 "
    "times that of popularity.",
    exercises={
        "bias": Exercise(
            ask="The mean of all ratings is 3.5. Ann gives 0.4 more than others do, and the film gets 0.7 less than others "
            "get. What do mean and biases predict?",
            compare=answers.number(3.2),
            hints=(
                "Nothing is said about taste yet: only about Ann and about the film.",
                "Start from the mean and add what each of them moves.",
                "3.5 + 0.4 - 0.7.",
            ),
            solution="""
                answer = 3.5 + 0.4 - 0.7
            """,
            why="Mean plus two biases is the model that every network has to beat: it needs no taste at all.",
        ),
        "weights": Exercise(
            ask="How many numbers does a factorisation learn for 671 users and 9,066 films, with 8 factors and one bias "
            "each, the mean not counted?",
            compare=answers.number((671 + 9066) * 9),
            hints=(
                "Users and films have a vector each; there is no other layer.",
                "8 factors and one bias make 9 numbers a user, and 9 a film.",
                "(671 + 9,066) times 9.",
            ),
            solution="""
                answer = (671 + 9_066) * (8 + 1)
            """,
            why="Nearly as many numbers as there are ratings: without a penalty it would learn them by heart.",
        ),
        "gain": Exercise(
            ask="One film is relevant, and it stands in third place of a list of ten. What is the NDCG@10?",
            compare=answers.number(0.5, within=0.001),
            hints=(
                "An item found counts one over the logarithm, to base 2, of its rank plus one.",
                "The best possible list has it in first place, where it counts 1 / log2(2) = 1.",
                "1 / log2(3 + 1).",
            ),
            solution="""
                import math
                answer = 1 / math.log2(3 + 1)
            """,
            why="log2(4) is 2, so the third place is worth half of the first.",
        ),
        "hit_rate": Exercise(
            ask="Write a function of (lists, chosen): two dictionaries by user, one of lists of items, one of the item chosen "
            "afterwards. It returns the share of users whose item is in their list.",
            compare=answers.passes(
                (({"a": [1, 2], "b": [3, 4]}, {"a": 2, "b": 5}), 0.5),
                (({"a": [1], "b": [2], "c": [3]}, {"a": 1, "b": 2, "c": 9}), 2 / 3),
                (({"a": [1, 2]}, {"a": 7}), 0.0),
                (({"a": []}, {"a": 7, "b": 8}), 0.0),
            ),
            hints=(
                "Go over the users who chose something; each counts 1 or 0.",
                "A user without a list counts 0: lists.get(user, ()).",
                "Sum chosen[user] in lists.get(user, ()) over chosen, and divide by len(chosen).",
            ),
            solution="""
                def answer(lists, chosen):
                    hits = [item in lists.get(user, ()) for user, item in chosen.items()]
                    return sum(hits) / len(hits)
            """,
            why="With one relevant item a user, recall and hit rate are the same number.",
        ),
        "cold": Exercise(
            ask="A film that nobody has rated yet: which of 'its own vector', 'its genres' and 'its popularity' can still say "
            "something about it?",
            compare=answers.one_of("its genres", ["its own vector", "its genres", "its popularity"]),
            hints=(
                "Two of the three are learnt from ratings of the film itself.",
                "Its vector stays where the penalty leaves it: at zero.",
                "What is known beside the ratings is known from the first day on.",
            ),
            solution="""
                answer = "its genres"
            """,
            why="That is why the item tower adds a vector for each thing that is known of the film.",
        ),
    },
    quiz=(
        Question(
            "Why are the films that a user has rated already left out of the list?",
            "The model scores them highest, as it learnt that this user chose them; recommending them again helps nobody.",
        ),
        Question(
            "A model with a lower RMSE has a worse top ten. How can that be?",
            "RMSE asks about films that people chose to rate. A list has to choose among thousands that nobody rated; who "
            "rates what says more there than how many stars it got.",
        ),
        Question(
            "You rank the true film among 100 random ones and find an NDCG of 0.4. Is that better than 0.04 over all films?",
            "The two cannot be compared, and orders of models under sampling need not hold over all items: rank over all.",
            ("yes, ten times", "no, it is worse", "they cannot be compared"),
        ),
        Question(
            "Popularity gets nearly the same NDCG as your network. What do you ship?",
            "Popularity: it needs no training, and it has an answer for new users. Come back when there are more ratings a user.",
            ("the network", "popularity"),
        ),
    ),
)
