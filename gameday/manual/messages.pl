#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# The catalogue's last part: every message the program can raise, taken from its sources, by
# class. `messages.pl FILE...` prints Markdown. What a message fills in is shown as "...".
use strict;
use warnings;

my %by_class;
my %class_of = (gd_raise_errno => 'SYSTEM', gd_raise_nomem => 'NOMEM');
for my $file (@ARGV) {
	open(my $in, '<', $file) or die "$file: $!\n";
	local $/;
	my $text = <$in>;
	while ($text =~ /\b(gd_raise(?:_at|_errno)?|gd_diag_error(?:_at)?)\s*\(((?:[^()"]|"(?:\\.|[^"\\])*"|\((?:[^()"]|"(?:\\.|[^"\\])*"|\([^()]*\))*\))*)\)/gs) {
		my ($call, $args) = ($1, $2);
		my $class = $args =~ /\bGD_E_(\w+)/ ? $1 : $class_of{$call} // 'INPUT';
		$args =~ s/"\s*PRI\w+\s*"/d/g;
		$args =~ s/"\s*PRI\w+/d"/g;
		# Strings side by side are one; the first run of them is the format.
		next unless $args =~ /"((?:\\.|[^"\\])*)"((?:\s*"(?:\\.|[^"\\])*")*)/s;
		my ($format, $more) = ($1, $2);
		$format .= $1 while $more =~ /"((?:\\.|[^"\\])*)"/gs;
		$format =~ s/%%/\0/g;
		$format =~ s/%[-+ #0-9.*]*(?:hh|h|ll|l|z|j|t)?[a-zA-Z]/.../g;
		$format =~ s/\0/%/g;
		$format =~ s/\\n/ /g;
		$format =~ s/\\(.)/$1/g;
		$format .= ': ...' if $call eq 'gd_raise_errno';
		next unless $format =~ /[a-z]{3}/;
		$by_class{$class}{$format} = 1;
	}
}
die "no messages found: the search is broken\n" unless keys %by_class > 5;
print "# MESSAGES\n\nAll that may stand in an error, by class; ... is filled in.\n\n";
for my $class (sort keys %by_class) {
	(my $name = lc $class) =~ tr/_/-/;
	$name = 'no-memory' if $name eq 'nomem';
	print "## $name\n\n";
	for my $message (sort keys %{ $by_class{$class} }) {
		$message =~ s/([\\`*_{}\[\]<>#|~^\$])/\\$1/g;
		print "- $message\n";
	}
	print "\n";
}
print "# SEE ALSO\n\n**gameday**(1)\n";
