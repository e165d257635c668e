namespace Tidings.Bench.Mutants;

/// <summary>One change of one place, behind a switch that bears its number.</summary>
/// <param name="Id">The number; given in the order of the sources, whether the mutant compiles or not.</param>
/// <param name="Area">The area that it belongs to.</param>
/// <param name="File">The file's path from the root.</param>
/// <param name="Line">Where it begins.</param>
/// <param name="LastLine">Where it ends.</param>
/// <param name="Member">The member that it is in.</param>
/// <param name="Before">What stands there, on one line.</param>
/// <param name="After">What stands there instead.</param>
/// <param name="Occurrence">Which one of those that are alike in this member; from 0.</param>
/// <param name="Control">What the run is proven with, or null for a mutant that counts.</param>
internal sealed record Mutant(int Id, string Area, string File, int Line, int LastLine, string Member, string Before, string After, int Occurrence, string? Control = null)
{
    /// <summary>A control that changes nothing: it must survive.</summary>
    public const string Same = "same";

    /// <summary>A control that throws: it must be killed.</summary>
    public const string Throws = "throws";

    /// <summary>Says which mutant this is, also after lines have moved.</summary>
    public string Key => $"{Path.GetFileName(File)} | {Member} | {Before} | {After} | {Occurrence}";

    public override string ToString() => $"{File}:{Line} {Member}: {Before}  →  {After}";
}
