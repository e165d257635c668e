using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Tidings.Architecture.Tests.Reading;

namespace Tidings.Architecture.Tests;

/// <summary>What the order forbids is found, and named by both ends.</summary>
public sealed class PlantedViolationTests
{
    private static readonly FolderOrder Order = FolderOrder.Read("""
        | project, folder | owns |
        | --- | --- |
        | `House` | a house |
        | – `Ground/` | what all stand on |
        | – `Upper/` | what stands on it |
        | – `./` | the top |
        """);

    private const string Ground = "namespace House.Ground;\n\npublic class Stone\n{\n    public int Weight;\n}\n";

    [Fact]
    public void What_follows_the_order_is_no_violation() =>
        Assert.Empty(Violations(("House/Ground/Stone.cs", Ground), ("House/Upper/Wall.cs", "namespace House.Upper;\npublic class Wall { Ground.Stone _stone = new(); }")));

    [Theory]
    [InlineData("public Upper.Wall Above;")]
    [InlineData("object Above() => new Upper.Wall();")]
    [InlineData("int Above() => Upper.Wall.Height;")]
    [InlineData("string Above() => nameof(Upper.Wall);")]
    public void A_back_arrow_is_named_by_both_ends(string planted)
    {
        var violation = Assert.Single(Violations(
            ("House/Ground/Stone.cs", $"namespace House.Ground;\n\npublic class Stone\n{{\n    {planted}\n}}\n"),
            ("House/Upper/Wall.cs", "namespace House.Upper;\npublic class Wall { public const int Height = 2; }")));
        Assert.Equal("House/Ground/ must not know House/Upper/: Stone (House/Ground/Stone.cs:5) uses Wall (House/Upper/Wall.cs:2)", violation);
    }

    [Fact]
    public void An_extension_counts_though_its_class_is_not_written() => Assert.Equal(
        ["House/Ground/ must not know House/Upper/: Stone (House/Ground/Stone.cs:5) uses Lifting (House/Upper/Lifting.cs:2)"],
        Violations(
            ("House/Ground/Stone.cs", "using House.Upper;\nnamespace House.Ground;\npublic class Stone\n{\n    int Above() => this.Lift();\n}\n"),
            ("House/Upper/Lifting.cs", "namespace House.Upper;\npublic static class Lifting { public static int Lift(this Ground.Stone stone) => 1; }")));

    [Fact]
    public void A_folder_that_is_not_listed_may_neither_use_nor_be_used() => Assert.Equal(
        ["House/Cellar/ must not know House/Ground/: Wine (House/Cellar/Wine.cs:2) uses Stone (House/Ground/Stone.cs:3)"],
        Violations(("House/Ground/Stone.cs", Ground), ("House/Cellar/Wine.cs", "namespace House.Cellar;\npublic class Wine { Ground.Stone _shelf; }")));

    [Fact]
    public void Comments_and_usings_are_free() => Assert.Empty(Violations(
        ("House/Ground/Stone.cs", "using House.Upper;\nnamespace House.Ground;\n/// <summary>Carries a <see cref=\"Wall\"/>.</summary>\npublic class Stone { }"),
        ("House/Upper/Wall.cs", "namespace House.Upper;\npublic class Wall { }")));

    [Fact]
    public void An_import_against_the_order_is_named_by_both_ends() => Assert.Equal(
        [
            "House/Ground/ must not know House/: stone.js (House/Ground/stone.js:1) uses roof.js (House/roof.js:1)",
            "House/Ground/ must not know House/Upper/: stone.js (House/Ground/stone.js:2) uses wall.js (House/Upper/wall.js:1)",
        ],
        Order.Violations(ScriptReader.Read("House/Ground/stone.js", "import { Roof } from '../roof.js';\n/** @type {import('../Upper/wall.js').Wall} */\nimport './sand.js';\n")));

    private static IReadOnlyList<string> Violations(params (string File, string Text)[] sources) => Order.Violations(CodeReader.Read(CSharpCompilation.Create(
        "House", sources.Select(static source => CSharpSyntaxTree.ParseText(source.Text, new CSharpParseOptions(documentationMode: DocumentationMode.None), source.File)),
        [MetadataReference.CreateFromFile(typeof(object).Assembly.Location)])));
}
